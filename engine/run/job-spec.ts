/**
 * What the sandbox is told of a build or test: a pure function of the node and its inputs.
 * Knows nothing of keys or of when things run.
 */
import type {BlobDigest, TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import type {Build, Placement, Step} from '../load/model.ts';
import type {CaptureRules, JobSpec, Layer, StagedSource} from '../sandbox/protocol.ts';
import {formatOf} from '../source/archive-names.ts';
import type {SourceContent} from './source-content.ts';

/** What a node resolved to, besides its key. */
export interface Inputs {
  /** Lowest first; the first `baseLayers` are the base. */
  readonly layers: readonly Layer[];
  readonly baseLayers: number;
  /** In the order of the build's sources. */
  readonly sources: readonly SourceContent[];
  /** In the order of the build's patches. */
  readonly patches: readonly BlobDigest[];
  /** Declared tools and where the host has them. */
  readonly tools: Readonly<Record<string, string>>;
}

/** The spec of a build; `replaces` are its labels resolved, `generated` the globs nobody owns. */
export function buildSpec(
  label: Label,
  build: Build,
  inputs: Inputs,
  replaces: readonly Label[],
  generated: readonly string[],
): JobSpec {
  const {expect, ignore, leaks} = build.outputs;
  const capture: CaptureRules = {expect, drop: [...ignore, ...generated], replaces, leaks};
  return {...common(label, build, inputs, build.steps), capture};
}

/**
 * The spec of a test: the build's environment with the test's needs. Where no /build was kept the
 * build's own steps run again first.
 */
export function testSpec(label: Label, build: Build, inputs: Inputs, resumed: boolean): JobSpec {
  const checks = build.test?.steps ?? [];
  const steps = resumed ? checks : [...build.steps, ...checks];
  return {...common(label, build, inputs, steps), capture: undefined};
}

/** The spec of what is run in a root that is laid together already; all it leaves is kept. */
export function triggerSpec(
  label: Label,
  build: Build,
  root: TreeDigest,
  triggers: readonly Step[],
): JobSpec {
  const layers = [{owner: label, tree: root}];
  const inputs: Inputs = {layers, baseLayers: 1, sources: [], patches: [], tools: {}};
  const capture: CaptureRules = {expect: [], drop: [], replaces: [], leaks: []};
  return {...common(label, {...build, sources: []}, inputs, triggers), capture};
}

function common(
  label: Label,
  build: Build,
  inputs: Inputs,
  steps: readonly Step[],
): Omit<JobSpec, 'capture'> {
  return {
    label,
    environment: build.in.type === 'host' ? 'host' : 'root',
    tools: inputs.tools,
    layers: inputs.layers,
    baseLayers: inputs.baseLayers,
    sources: build.sources.map((source, at) =>
      stage(source.placement, contentAt(inputs, at), build),
    ),
    patches: build.patches.map(({name, strip}, at) => ({name, strip, blob: patchAt(inputs, at)})),
    top: build.top,
    env: build.env,
    variables: build.variables,
    shell: build.shell,
    steps,
    milliseconds: build.resources.milliseconds,
  };
}

function stage(placement: Placement, content: SourceContent, build: Build): StagedSource {
  const {name, unpack, strip, subdir} = placement;
  const format = content.type === 'tree' ? 'tar' : formatOf(name);
  if (unpack === false || format === undefined) return {name, content, unpack: undefined};
  const inner = unpack === 'auto' ? undefined : unpack.inner;
  return {name, content, unpack: {format, into: placement.into || build.top, strip, subdir, inner}};
}

function contentAt(inputs: Inputs, at: number): SourceContent {
  const content = inputs.sources[at];
  if (content === undefined) throw new RangeError(`source ${at} is not resolved`);
  return content;
}

function patchAt(inputs: Inputs, at: number): BlobDigest {
  const blob = inputs.patches[at];
  if (blob === undefined) throw new RangeError(`patch ${at} is not resolved`);
  return blob;
}
