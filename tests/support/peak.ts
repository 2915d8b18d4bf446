/**
 * What a command takes: time, and the most memory any of its processes of ours had. Each process
 * writes down its own peak when it ends; VmHWM, not getrusage(2), which begins with the size of
 * whoever started it.
 */
import fs from 'node:fs';
import type {ExecutionContext} from 'ava';
import type {Ran, RunOptions, Space} from './space.ts';

export interface Measured extends Ran {
  readonly milliseconds: number;
  readonly mebibytes: number;
}

const NOTE = `import fs from 'node:fs';
process.on('exit', () => {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  fs.appendFileSync(process.env.TEST_PEAK_FILE, /VmHWM:[^0-9]*([0-9]+)/.exec(status)[1] + '\\n');
});`;

/** Runs `recipes …` in the project and measures it. */
export async function measured(
  space: Space,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Measured> {
  const file = space.at('.peak');
  fs.rmSync(file, {force: true});
  const begun = performance.now();
  const env = {
    ...options.env,
    TEST_PEAK_FILE: file,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(NOTE)}`,
  };
  const running = space.start(argv, {...options, env});
  // What goes on for ever takes the memory of the whole machine.
  const end = setTimeout(() => running.child.kill('SIGKILL'), MOST_MILLISECONDS * 2);
  const ran = await running.ended;
  clearTimeout(end);
  const milliseconds = performance.now() - begun;
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  return {...ran, milliseconds, mebibytes: Math.max(...lines.map(Number)) / 1024};
}

export interface Row extends Pick<Measured, 'milliseconds' | 'mebibytes'> {
  readonly name: string;
}

/**
 * Hostile input may take this much; the time ends what goes on for ever. V8 collects when it finds
 * the time: on a machine with much else to do the same input took 401 MiB in place of 295.
 */
const MOST_MEBIBYTES = 450;
const MOST_MILLISECONDS = 60_000;

/** The rows of one file's table; `add` judges, `log` prints them and which were over two seconds. */
export class Table {
  readonly #rows: Row[] = [];

  add(t: ExecutionContext, name: string, one: Measured): void {
    this.#rows.push({...one, name});
    t.true(one.mebibytes < MOST_MEBIBYTES, `${name}: ${one.mebibytes.toFixed(0)} MiB`);
    t.true(one.milliseconds < MOST_MILLISECONDS, `${name}: ${one.milliseconds.toFixed(0)} ms`);
  }

  log(t: ExecutionContext): void {
    for (const {name, milliseconds, mebibytes} of this.#rows) {
      const seconds = (milliseconds / 1000).toFixed(2).padStart(6);
      const slow = milliseconds > 2000 ? '  over 2 s' : '';
      t.log(`${seconds} s ${mebibytes.toFixed(0).padStart(4)} MiB  ${name}${slow}`);
    }
    t.true(this.#rows.length > 0);
  }
}
