/**
 * One call of the command line from its words to its exit code.
 * Signals and uncaught errors end here; what a command does is in the files beside this one.
 */
import {allIsWritten, realHost, type Host} from '../base/host.ts';
import {answerIdle, idlePlace} from './idle.ts';
import {engineVersion} from './shipped.ts';
import type {BegunWorker} from '../sandbox/worker-process.ts';
import type {Call} from './commands.ts';
import type {InterruptHandler, Start} from './world.ts';

const BUG = 70;
const USAGE = 2;
const SIGNALS: Readonly<Record<string, number>> = {SIGINT: 130, SIGTERM: 143};

let interrupted: string | undefined;
let onInterrupt: InterruptHandler | undefined;

async function main(host: Host): Promise<number> {
  const since = host.tick();
  if (process.argv[2] === 'completion-server') {
    await (await import('./completion.ts')).complete(host);
    return 0;
  }
  const memo = idlePlace(host, process.argv.slice(2));
  let begun: BegunWorker | undefined;
  const onChange = async (store: string): Promise<void> => {
    begun = (await import('../sandbox/ahead.ts')).beginAhead(host, store);
  };
  const seen = memo === undefined ? undefined : await answerIdle(host, memo, onChange);
  if (seen === 'answered') return 0;
  const program = await import('./program.ts');
  let status = 0;
  const answer = async (call: Call): Promise<void> => {
    status = await answerCall(program, host, call, {memo, seen, begun, main: since});
  };
  const parser = program.makeProgram(engineVersion(), answer, process.argv[2]);
  const parsed = await program.parseWords(parser, process.argv);
  // Nobody may have taken it.
  await begun?.connection.end();
  if (parsed !== 'answered') return parsed === 'helped' ? 0 : USAGE;
  return interrupted === undefined ? status : (SIGNALS[interrupted] ?? 1);
}

type Program = typeof import('./program.ts');

async function answerCall(
  {exitOf, makeWorld, answer}: Program,
  host: Host,
  call: Call,
  start: Start,
): Promise<number> {
  const world = makeWorld(host, call, listen, start);
  const answered = await answer(world);
  if (answered.ok) return answered.value;
  await world.show(answered.error);
  return exitOf(answered.error);
}

/**
 * Without a command that has to end in order a signal ends the process as the kernel does it, in
 * the middle of whatever it does: the store bears that, and a long loop could not be told.
 */
function listen(handler: InterruptHandler): void {
  const listened = onInterrupt !== undefined;
  onInterrupt = handler;
  if (listened) return;
  for (const signal of Object.keys(SIGNALS)) process.on(signal, handleSignal);
}

/** The first signal asks the command to end in order, the second ends everything at once. */
function handleSignal(signal: string): void {
  if (interrupted !== undefined) process.exit(SIGNALS[signal] ?? 1);
  if (onInterrupt?.(signal) === 'taken') interrupted = signal;
}

main(realHost()).then(
  (status) => {
    process.exitCode = status;
    // Nothing is left to do, and taking a large heap apart takes longer than some commands.
    if (allIsWritten()) process.exit();
  },
  (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`this is a bug in recipes; please report it with these lines:\n${text}\n`);
    process.exit(BUG);
  },
);
