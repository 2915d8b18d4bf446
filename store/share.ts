/**
 * Work on many files with two processors: this thread and one more take things in turn from one
 * list. Synchronous: the caller waits, as for any other call on files. The module that shares its
 * work is also the program of the second thread, and calls `joinShare` for that.
 *
 * A failure stops both; what was done by then is told too, so that it can be undone.
 */
import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import {isCrashWanted} from '../engine/base/crash.ts';
import {Bug} from '../engine/base/result.ts';

/** What each thing came to, by its place in the list; without `failure` all are there. */
export interface Shared<Out> {
  readonly done: readonly (readonly [place: number, out: Out])[];
  readonly failure?: Error;
}

/** What the second thread is given. */
interface ShareData {
  /** URL of the module that is the program. */
  readonly program: string;
  readonly list: readonly unknown[];
  readonly common: unknown;
  readonly state: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** Places in the state: the next thing of the list, and how far the second thread is. */
const NEXT = 0;
const PHASE = 1;
const WORKING = 1;
const ENDED = 2;
const UNWANTED = 3;

/** Things taken at once: fewer means more contention, more means waiting for the last. */
const STEP = 16;

/** `alone`: the list is too short for a second thread to pay, or must be done in order. */
export function share<One, Out, Common>(
  program: string,
  list: readonly One[],
  common: Common,
  work: (one: One, common: Common) => Out,
  alone: boolean,
): Shared<Out> {
  const state = new SharedArrayBuffer(8);
  const own = (one: One): Out => work(one, common);
  // Crash points are counted in one thread.
  if (alone || isCrashWanted()) return takeShare(list, state, own);
  const {port1, port2} = new MessageChannel();
  const data: ShareData = {program, list, common, state, port: port2};
  const thread = new Worker(new URL(program), {workerData: data, transferList: [port2]});
  thread.unref();
  // It has not begun then, and is not waited for.
  thread.on('error', () => undefined);
  const mine = takeShare(list, state, own);
  const theirs = waitFor<Out>(state, port1);
  port1.close();
  if (theirs === undefined) return mine;
  const failure = mine.failure ?? theirs.failure;
  const done = [...mine.done, ...theirs.done];
  return failure === undefined ? {done} : {done, failure};
}

/** The second thread's part of a share; does nothing in any other thread. */
export function joinShare(program: string, work: (one: never, common: never) => unknown): void {
  const data = workerData as ShareData | null;
  if (data?.program !== program) return;
  const {list, common, state, port} = data;
  const phase = new Int32Array(state);
  if (Atomics.compareExchange(phase, PHASE, 0, WORKING) !== 0) return;
  try {
    const own = (one: unknown): unknown => work(one as never, common as never);
    const {done, failure} = takeShare(list, state, own);
    port.postMessage({done, failure: failure === undefined ? undefined : told(failure)});
  } finally {
    Atomics.store(phase, PHASE, ENDED);
    Atomics.notify(phase, PHASE);
  }
}

function takeShare<One, Out>(
  list: readonly One[],
  state: SharedArrayBuffer,
  work: (one: One) => Out,
): Shared<Out> {
  const counter = new Int32Array(state);
  const done: [number, Out][] = [];
  try {
    for (;;) {
      const from = Atomics.add(counter, NEXT, STEP);
      if (from >= list.length) return {done};
      list.slice(from, from + STEP).forEach((one, at) => done.push([from + at, work(one)]));
    }
  } catch (failure) {
    if (!(failure instanceof Error)) throw failure;
    Atomics.store(counter, NEXT, list.length);
    return {done, failure};
  }
}

/** Undefined when the second thread did not come to begin. */
function waitFor<Out>(state: SharedArrayBuffer, port: MessagePort): Shared<Out> | undefined {
  const phase = new Int32Array(state);
  if (Atomics.compareExchange(phase, PHASE, 0, UNWANTED) === 0) return undefined;
  Atomics.wait(phase, PHASE, WORKING);
  const message = receiveMessageOnPort(port)?.message as
    {done: Shared<Out>['done']; failure: Told | undefined} | undefined;
  if (message === undefined) throw new Bug('a thread ended without an answer');
  const {done, failure} = message;
  return failure === undefined ? {done} : {done, failure: Object.assign(new Error(), failure)};
}

/** What is left of a system error on its way between threads. */
interface Told {
  readonly message: string;
  readonly code?: unknown;
  readonly path?: unknown;
  readonly dest?: unknown;
}

function told(failure: Error): Told {
  const {message, code, path, dest}: Told = failure;
  return {message, code, path, dest};
}
