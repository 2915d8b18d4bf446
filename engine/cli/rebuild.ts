/**
 * Makes damaged objects again with the project's recipes: sources are imported or fetched,
 * actions run whose key is still the one that made the object. Says why where it cannot; whether
 * the same digests came out is for the caller to see.
 */
import {readFile} from '../base/files.ts';
import type {Label} from '../base/label.ts';
import type {BuildGraph, FetchNode} from '../graph/model.ts';
import {fetchSource} from '../run/fetch-task.ts';
import {openRunContext} from '../run/open-context.ts';
import {makeSoundPlan} from '../run/sound-plan.ts';
import {ROOT_COMPOSER} from '../rootfs/composer.ts';
import {ownerFor} from '../sandbox/launch.ts';
import type {Holders} from '../../store/holders.ts';
import type {Store} from '../../store/layout.ts';
import {putBytes} from '../../store/pool.ts';
import type {ActionRecord} from '../../store/records.ts';
import {isWholeNow} from '../../store/repair.ts';
import {guard} from '../../store/trouble.ts';
import type {Finding} from '../../store/verify.ts';
import {runPlan} from './build.ts';
import {openProject, openWork, type OpenWork} from './open.ts';
import {engineVersion} from './shipped.ts';
import type {World} from './world.ts';

/** For each object that is not whole afterwards: why. */
export async function rebuild(
  world: World,
  store: Store,
  findings: readonly Finding[],
  holders: ReadonlyMap<string, Holders>,
): Promise<ReadonlyMap<Finding, string>> {
  const reasons = new Map<Finding, string>();
  if (findings.length === 0) return reasons;
  const opened = await openProject(world);
  if (!opened.ok) {
    const [first] = opened.error;
    return all(findings, `lost, and the recipes cannot be read (${first?.message ?? ''})`);
  }
  const {graph} = opened.value;
  const wanted = new Set<Label>();
  for (const finding of findings) {
    const held = heldBy(finding, holders);
    const known = [...held.artifacts, ...held.inputOf].filter((one) => graph.nodes.has(one));
    for (const label of known) wanted.add(label);
    reasons.set(finding, known.length > 0 ? UNKNOWN : nobody(held));
  }
  if (wanted.size === 0) return reasons;
  const work = await openWork(world, [...wanted]);
  if (!work.ok) return all(findings, `lost, and the project cannot be opened`);
  storePatches(work.value);
  await fetchAgain(world, work.value, findings);
  const open = findings.filter((one) => !isWholeNow(store, one));
  await buildAgain(world, work.value, open, {holders, reasons});
  return reasons;
}

const UNKNOWN = 'lost: what it was made by is not to be had';

function nobody(held: Holders): string {
  const names = [...held.artifacts, ...held.inputOf];
  if (names.length === 0) return 'lost: nothing known refers to it';
  return `lost: no recipe is called ${names.join(', ')} now`;
}

function all(findings: readonly Finding[], why: string): Map<Finding, string> {
  return new Map(findings.map((one) => [one, why]));
}

function heldBy({digest}: Finding, holders: ReadonlyMap<string, Holders>): Holders {
  const held = digest === undefined ? undefined : holders.get(digest);
  return held ?? {artifacts: [], inputOf: [], roots: [], records: []};
}

// --- sources ---------------------------------------------------------------------------------------

function storePatches({knowledge, store}: OpenWork): void {
  for (const file of knowledge.prints.patches.keys()) {
    guard(file, () => putBytes(store, readFile(file), 0o644));
  }
}

/** Local folders were imported when the project was opened. */
async function fetchAgain(
  world: World,
  work: OpenWork,
  findings: readonly Finding[],
): Promise<void> {
  const lost = new Set(findings.map((one) => one.digest));
  const wanted = fetchesIn(work.graph).filter(({label}) => {
    const content = work.resolver.contentOf(label);
    if (content === undefined) return false;
    const digest = content.type === 'file' ? content.blob : content.tree;
    return lost.has(digest) || (content.type === 'tree' && !work.resolver.isHere(content));
  });
  if (wanted.length === 0) return;
  const opened = await openRunContext(work, {
    host: world.host,
    listener: () => undefined,
    offline: false,
    wait: true,
    engine: engineVersion(),
    roots: ROOT_COMPOSER,
    owner: ownerFor(world.host.uid),
  });
  if (!opened.ok) return;
  for (const node of wanted) await fetchSource(opened.value.context, node);
  await opened.value.close();
}

function fetchesIn(graph: BuildGraph): readonly FetchNode[] {
  return [...graph.nodes.values()].filter(
    (node): node is FetchNode => node.kind === 'fetch' && node.source.type !== 'path',
  );
}

// --- builds ----------------------------------------------------------------------------------------

interface Known {
  readonly holders: ReadonlyMap<string, Holders>;
  readonly reasons: Map<Finding, string>;
}

/** Runs the actions that made what is lost, as far as they are still what the recipes say. */
async function buildAgain(
  world: World,
  work: OpenWork,
  findings: readonly Finding[],
  {holders, reasons}: Known,
): Promise<void> {
  const planned = makeSoundPlan(work, new Set(), 'look');
  if (!planned.ok) return;
  const targets = new Set<Label>();
  for (const finding of findings) {
    for (const label of heldBy(finding, holders).artifacts) {
      if (!work.graph.nodes.has(label)) continue;
      const records = heldBy(finding, holders).records.filter((one) => one.label === label);
      const key = planned.value.plan.nodes.get(label)?.key ?? null;
      const same = isSame(finding, records, key, work.resolver.recipeKeyOf(label));
      if (same) targets.add(label);
      reasons.set(
        finding,
        same
          ? `lost: ${label} was built again and is another`
          : `lost: the recipe of ${label}, or what it needs, is another now`,
      );
      if (same) break;
    }
  }
  if (targets.size > 0) await buildThese(world, [...targets], reasons);
}

/** Whether the action that made it would run: by its key, or by what is written where inputs are open. */
function isSame(
  finding: Finding,
  records: readonly ActionRecord[],
  key: string | null,
  recipeKey: string,
): boolean {
  if (finding.kind === 'record') return key === null || key === finding.digest;
  return records.some((one) => (key === null ? one.recipeKey === recipeKey : one.key === key));
}

async function buildThese(
  world: World,
  labels: readonly Label[],
  reasons: Map<Finding, string>,
): Promise<void> {
  const work = await openWork(world, labels);
  if (!work.ok) return;
  const forced = new Set(labels);
  const sound = makeSoundPlan(work.value, forced, 'mend');
  if (!sound.ok) return;
  const status = await runPlan(world, work.value, sound.value.plan, forced);
  if (status.ok && status.value === 0) return;
  const failed = labels.join(', ');
  for (const [finding, why] of reasons) {
    if (why.includes('was built again')) reasons.set(finding, `lost: ${failed} could not be built`);
  }
}
