/**
 * Ends the engine and the worker before and after each numbered call of building, collecting and
 * switching, and gathers what is wrong then. The calls are counted, and compared with what strace
 * sees, by call-trace.ts; what must hold after a crash is in crash-lane.ts.
 *
 * After call N and before call N+1 are one state where strace saw nobody change a file in between;
 * then one crash stands for both (`every: true` makes both all the same).
 */
import type {Traced} from './call-trace.ts';
import {Lane, type Victim} from './crash-lane.ts';
import type {Phase} from './crash-phase.ts';
import {PHASES} from './crash-phases.ts';

export interface Sweep {
  /** Names of phases; all when empty. */
  readonly phases: readonly string[];
  /** Crashes of each process in each phase, spread evenly; all when undefined. */
  readonly most?: number | undefined;
  /** Also the second of two points that are the same state. */
  readonly every: boolean;
  /** Places that work beside each other. */
  readonly lanes: number;
  /** `store verify --full` after each n-th crash. */
  readonly verifyEach: number;
  tell(line: string): void;
}

export interface Swept {
  readonly phase: string;
  readonly victim: Victim;
  readonly traced: Traced;
  /** Points: twice the numbered calls. */
  readonly points: number;
  /** Points that are the same state as another. */
  readonly same: number;
  readonly crashes: number;
  /** Crashes nobody noticed: the process had ended all its work, or made one call less. */
  readonly unnoticed: readonly string[];
  readonly troubles: readonly string[];
}

export async function runSweep(sweep: Sweep): Promise<Swept[]> {
  const wanted = PHASES.filter(
    (one) => sweep.phases.length === 0 || sweep.phases.includes(one.name),
  );
  const swept: Swept[] = [];
  for (const phase of wanted) swept.push(...(await sweepPhase(phase, sweep)));
  return swept;
}

async function sweepPhase(phase: Phase, sweep: Sweep): Promise<Swept[]> {
  const opening = Array.from({length: sweep.lanes}, () => Lane.open(phase));
  const lanes = (await Promise.allSettled(opening)).flatMap((one) =>
    one.status === 'fulfilled' ? [one.value] : [],
  );
  try {
    await Promise.all(opening);
    const {engine, worker} = (await lanes[0]?.trace()) ?? {};
    const swept: Swept[] = [];
    if (engine !== undefined) swept.push(await sweepProcess(lanes, 'engine', engine, sweep));
    if (worker !== undefined) swept.push(await sweepProcess(lanes, 'worker', worker, sweep));
    return swept;
  } finally {
    for (const lane of lanes) await lane[Symbol.asyncDispose]();
  }
}

async function sweepProcess(
  lanes: readonly Lane[],
  victim: Victim,
  traced: Traced,
  sweep: Sweep,
): Promise<Swept> {
  const all = pointsOf(traced, sweep.every);
  const points = sweep.most === undefined ? all : spread(all, sweep.most);
  const queue = points.map((point, place) => ({point, place}));
  const [unnoticed, troubles]: [string[], string[]] = [[], []];
  const name = `${lanes[0]?.phase.name ?? ''} ${victim}`;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const verify = next.place % sweep.verifyEach === sweep.verifyEach - 1;
        const verdict = await lane.crash(victim, next.point, verify);
        if (!verdict.died) unnoticed.push(next.point);
        for (const trouble of verdict.troubles) sweep.tell(trouble);
        troubles.push(...verdict.troubles);
        if (next.place % 50 === 49) sweep.tell(`${name}: ${String(next.place + 1)} crashes`);
      }
    }),
  );
  const phase = lanes[0]?.phase.name ?? '';
  const counts = {points: 2 * traced.numbered, same: 2 * traced.numbered - all.length};
  const done = {phase, victim, traced, ...counts, crashes: points.length, unnoticed, troubles};
  sweep.tell(describe(done));
  return done;
}

/** `1`, `1+`, `2` …; without the points after which nothing changes until the next one. */
function pointsOf(traced: Traced, every: boolean): string[] {
  return Array.from({length: traced.numbered}, (_, at) => {
    const last = at === traced.numbered - 1;
    const after = every || last || traced.disturbed[at] === true;
    return after ? [String(at + 1), `${String(at + 1)}+`] : [String(at + 1)];
  }).flat();
}

function spread(points: readonly string[], most: number): string[] {
  const step = Math.max(1, points.length / most);
  const count = Math.min(most, points.length);
  return Array.from({length: count}, (_, n) => points[Math.floor((n + 0.5) * step)] ?? '');
}

/** The figures of one process in one phase, as lines. */
export function describe(swept: Swept): string {
  const {traced, ...one} = swept;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, n]) => `${String(n)} ${name}`)
      .join(', ') || 'none';
  return [
    `${one.phase} ${one.victim}: ${String(traced.numbered)} numbered calls, ` +
      `${String(traced.mutating)} system calls that change files`,
    `  they are: ${list(traced.inside)}`,
    `  numbered, but no file: ${list(traced.idle)}`,
    `  numbered once, several system calls: ${list(traced.several)}`,
    `  not numbered, and no file of ours: ${list(traced.exceptions)}`,
    `  not numbered although they change files: ${traced.unnumbered.join('; ') || 'none'}`,
    `  ${String(one.points)} points, ${String(one.same)} of them the same state as the next; ` +
      `${String(one.crashes)} crashes, ${String(one.unnoticed.length)} unnoticed ` +
      `(${one.unnoticed.slice(0, 20).join(' ')}), ${String(one.troubles.length)} troubles`,
  ].join('\n');
}

/** Whether the numbered calls account for every system call that strace has seen. */
export function addsUp({traced}: Swept): boolean {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((all, n) => all + n, 0);
  const more = Object.entries(traced.several).reduce(
    (all, [names, n]) => all + n * (names.split('+').length - 1),
    0,
  );
  const expected = traced.numbered - sum(traced.idle) + more;
  return traced.unnumbered.length === 0 && traced.mutating === expected;
}
