/**
 * Kills the engine, the sandbox worker or a bwrap at random moments of a real build, again and
 * again, until everything is built; then compares with an undisturbed build where one is given.
 * Run by hand: it takes as long as the build, and a little more for each kill.
 *
 * Usage: node dist/tests/machine/kills.js PROJECT STORE TARGET [KILLS] [RESULT.json] [SECONDS]
 * RESULT.json: what `build TARGET --json` printed for an undisturbed store, or - for none.
 * SECONDS: each kill comes somewhere in as many seconds.
 */
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {MAIN} from '../support/space.ts';

interface Round {
  readonly victim: string;
  readonly afterMs: number;
  readonly built: readonly string[];
  readonly status: number | null;
}

const [
  project = '.',
  store = '.recipes',
  target = '@tour',
  kills = '30',
  expected = '-',
  seconds = '9',
] = process.argv.slice(2);
const VICTIMS = ['engine', 'worker', 'bwrap'];
const finished = new Set<string>();
const troubles: string[] = [];

for (let round = 0; round < Number(kills); round += 1) {
  const victim = VICTIMS[round % VICTIMS.length] ?? 'engine';
  const done = await disturbed(victim, 700 + Math.random() * Number(seconds) * 1000);
  console.log(
    `${round + 1}: ${done.victim} after ${Math.round(done.afterMs)} ms, exit ${done.status}, built ${done.built.join(' ') || '-'}`,
  );
}
const last = await disturbed('nobody', Number.POSITIVE_INFINITY);
console.log(`undisturbed: exit ${last.status}, built ${last.built.length}`);
if (last.status !== 0) troubles.push(`the last run ended with ${last.status}`);
await compare();
checkLeftovers();
console.log(troubles.length === 0 ? 'all well' : troubles.join('\n'));
process.exitCode = troubles.length === 0 ? 0 : 1;

/** One run, one kill; what was finished before must not be built again. */
async function disturbed(victim: string, afterMs: number): Promise<Round> {
  const child = spawn(
    process.execPath,
    [MAIN, '-C', project, '--store', store, '--progress', 'json', 'build', target, '-j2'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const built: string[] = [];
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) noteLine(line, built);
  });
  const seen = new Map<number, string>();
  const timer = setInterval(() => {
    for (const pid of descendants(child.pid ?? 0)) seen.set(pid, bornOf(pid));
  }, 50);
  const kill = Number.isFinite(afterMs)
    ? setTimeout(() => {
        strike(victim, child.pid ?? 0);
      }, afterMs)
    : undefined;
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(kill);
  clearInterval(timer);
  await noneLeft(seen, victim);
  return {victim, afterMs, built, status};
}

function noteLine(line: string, built: string[]): void {
  const event = parse(line);
  if (event?.type !== 'node-finished' || event.outcome !== 'built' || event.label === undefined)
    return;
  if (event.label.includes('@')) return;
  if (finished.has(event.label)) troubles.push(`${event.label} was built twice`);
  finished.add(event.label);
  built.push(event.label);
}

function parse(line: string): {type?: string; outcome?: string; label?: string} | undefined {
  try {
    return JSON.parse(line) as {type?: string; outcome?: string; label?: string};
  } catch {
    return undefined;
  }
}

function strike(victim: string, engine: number): void {
  const below = descendants(engine);
  const pids =
    victim === 'engine'
      ? [engine]
      : below.filter((pid) =>
          commandOf(pid).includes(victim === 'worker' ? 'sandbox/worker.js' : 'bwrap'),
        );
  const pid = pids[Math.floor(Math.random() * pids.length)];
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** All that descended from the engine must end within five seconds of its end. */
async function noneLeft(seen: ReadonlyMap<number, string>, victim: string): Promise<void> {
  const alive = (): number[] =>
    [...seen].filter(([pid, born]) => born !== '' && bornOf(pid) === born).map(([pid]) => pid);
  for (let tries = 0; tries < 50 && alive().length > 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const pid of alive())
    troubles.push(`left after the kill of ${victim}: ${pid} ${commandOf(pid)}`);
}

/** When a process was started, in clock ticks: its number may be given anew to another. */
function bornOf(pid: number): string {
  return readIf(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[19] ?? '';
}

function descendants(of: number): number[] {
  const parents = new Map<number, number>();
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readIf(`/proc/${name}/stat`);
    const parent = /\) \S (\d+)/.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const found: number[] = [];
  const level = [of];
  for (let pid = level.pop(); pid !== undefined; pid = level.pop()) {
    for (const [child, parent] of parents) {
      if (parent !== pid) continue;
      found.push(child);
      level.push(child);
    }
  }
  return found;
}

function commandOf(pid: number): string {
  return readIf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function readIf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

interface Result {
  readonly targets: readonly {readonly label: string; readonly tree: string | null}[];
}

async function compare(): Promise<void> {
  if (expected === '-') return;
  const child = spawn(
    process.execPath,
    [MAIN, '-C', project, '--store', store, '-q', 'build', target, '--json'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  await new Promise((resolve) => child.once('close', resolve));
  const trees = new Map((JSON.parse(text) as Result).targets.map((one) => [one.label, one.tree]));
  const undisturbed = JSON.parse(fs.readFileSync(expected, 'utf8')) as Result;
  let same = 0;
  for (const {label, tree} of undisturbed.targets) {
    if (trees.get(label) === tree) same += 1;
    else
      troubles.push(`${label}: ${trees.get(label) ?? 'nothing'} instead of ${tree ?? 'nothing'}`);
  }
  console.log(`${same} of ${undisturbed.targets.length} trees as in the undisturbed build`);
}

function checkLeftovers(): void {
  for (const folder of ['scratch', 'tmp', 'claims', 'runs', 'kept']) {
    const names = fs.readdirSync(path.join(store, folder));
    if (names.length > 0) troubles.push(`left in ${folder}: ${names.join(' ')}`);
  }
  if (readIf('/proc/mounts').includes(path.resolve(store)))
    troubles.push('a mount of the store is left');
}
