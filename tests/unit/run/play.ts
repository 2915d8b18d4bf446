/** A whole run over a bed with a worker that runs nothing: planned, started, and what it told. */
import fs from 'node:fs';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Event, Summary} from '../../../engine/base/event.ts';
import type {TreeDigest} from '../../../engine/base/hash.ts';
import {BuildRun, type RunOptions} from '../../../engine/run/build-run.ts';
import {closureOf, makePlan} from '../../../engine/run/plan.ts';
import type {JobResult} from '../../../engine/sandbox/protocol.ts';
import {label, type Builds} from '../graph/values.ts';
import {
  bedOf,
  contextFor,
  FakeWorker,
  holderOf,
  runOf,
  stillHost,
  storedTree,
  wellEnded,
} from './rig.ts';
import type {Bed, BedParts, ContextParts, FakeJob} from './rig.ts';

export interface Setting {
  readonly bed?: Bed;
  readonly parts?: BedParts;
  readonly options?: Partial<RunOptions>;
  readonly context?: ContextParts;
  /** How each job ends; undefined: the test ends it. By default with a tree of its own. */
  readonly script?: (job: FakeJob) => JobResult | undefined;
}

export interface Play {
  readonly bed: Bed;
  readonly worker: FakeWorker;
  readonly run: BuildRun;
  readonly events: Event[];
  readonly host: ReturnType<typeof stillHost>;
  start(): Promise<Summary>;
}

/** A run of these targets, planned by what the store has now. */
export function play(
  t: ExecutionContext,
  builds: Builds,
  targets: readonly string[],
  setting: Setting = {},
): Play {
  const bed = setting.bed ?? bedOf(t, builds, setting.parts);
  const events: Event[] = [];
  const host = stillHost();
  const worker = new FakeWorker((job) => {
    fs.writeFileSync(path.join(bed.store.root, job.request.log), '');
    return (setting.script ?? ((one) => good(bed, one)))(job);
  });
  const run = runOf(t, bed.store);
  const parts = {run, worker: holderOf(worker), events, host, ...setting.context};
  const wanted = targets.map(label);
  const forced = setting.options?.forced ?? new Set();
  const plan = makePlan(bed.graph, bed.resolver, closureOf(bed.graph, wanted), forced);
  const defaults: RunOptions = {
    jobs: 2,
    memoryBytes: 2 ** 40,
    onFailure: 'finish',
    forced,
    live: false,
    abort: () => undefined,
  };
  const made = new BuildRun(contextFor(bed, parts), plan, {...defaults, ...setting.options});
  return {bed, worker, run: made, events, host, start: () => made.run(wanted)};
}

export function treeOf(bed: Bed, name: string): TreeDigest {
  return storedTree(bed.store, {[name]: name});
}

export function good(bed: Bed, job: FakeJob): JobResult {
  return wellEnded(job.label.endsWith('#test') ? undefined : treeOf(bed, job.label));
}

/** `label outcome` for each end, in order. */
export function ends(events: readonly Event[]): string[] {
  return events.flatMap((one) =>
    one.type === 'node-finished'
      ? [`${one.label} ${one.outcome}${one.because === undefined ? '' : ` for ${one.because}`}`]
      : [],
  );
}
