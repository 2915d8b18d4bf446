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
import {ByteText} from './bytes.ts';

/** What each thing came to, by its place in the list; without `failure` all are there. */
export interface Shared<Out extends object | boolean> {
  readonly outs: readonly (Out | undefined)[];
  readonly failure?: Error;
}

/** What the second thread is given at its start. */
interface ShareData {
  /** URL of the module that is the program. */
  readonly program: string;
  readonly state: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** What one thread came to, in the order in which it worked. */
interface Part<Out extends object | boolean> {
  readonly outs: readonly Out[];
  readonly failure?: Error;
}

/** What it is given to do. */
interface Task {
  readonly list: readonly unknown[] | Packed;
  readonly common: unknown;
}

/** Short texts one behind the other, since many take long to be copied; where each of them ends. */
interface Packed {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** Bytes that a packed thing seldom has more of. */
const USUAL_PACK = 160;

/** Places in the state: how many things are taken, and how far the second thread is. */
const NEXT = 0;
const PHASE = 1;
/** Phases: there is no list yet; there is one; at work; done; nothing is wanted of it any more. */
const WAITING = 0;
const GIVEN = 1;
const WORKING = 2;
const ENDED = 3;
const UNWANTED = 4;

/** Things taken at once: fewer means more contention, more means waiting for the last. */
const STEP = 16;

/**
 * The second thread. It takes a tenth of a second to begin: who knows early that there will be
 * much to do makes one early. With nothing to do it ends by itself.
 */
export class Second implements Disposable {
  readonly #state = new SharedArrayBuffer(8);
  readonly #phase = new Int32Array(this.#state);
  readonly #port: MessagePort;

  constructor(program: string) {
    const {port1, port2} = new MessageChannel();
    this.#port = port1;
    const data: ShareData = {program, state: this.#state, port: port2};
    const thread = new Worker(new URL(program), {workerData: data, transferList: [port2]});
    thread.unref();
    // It has not begun then, and is not waited for.
    thread.on('error', () => undefined);
  }

  /** Gives it the list; the counter says what is taken already. */
  give(task: Task): Int32Array {
    const {list} = task;
    const moved = 'ends' in list ? [list.bytes.buffer, list.ends.buffer] : [];
    this.#port.postMessage(task, moved as ArrayBuffer[]);
    Atomics.store(this.#phase, PHASE, GIVEN);
    Atomics.notify(this.#phase, PHASE);
    return this.#phase;
  }

  /** What it came to; undefined when it did not come to begin. */
  answer<Out extends object | boolean>(): Part<Out> | undefined {
    if (Atomics.compareExchange(this.#phase, PHASE, GIVEN, UNWANTED) === GIVEN) return undefined;
    Atomics.wait(this.#phase, PHASE, WORKING);
    const message = receiveMessageOnPort(this.#port)?.message as
      {outs: Part<Out>['outs']; failure: Told | undefined} | undefined;
    if (message === undefined) throw new Bug('a thread ended without an answer');
    const {outs, failure} = message;
    return failure === undefined ? {outs} : {outs, failure: Object.assign(new Error(), failure)};
  }

  [Symbol.dispose](): void {
    if (Atomics.compareExchange(this.#phase, PHASE, WAITING, UNWANTED) === WAITING)
      Atomics.notify(this.#phase, PHASE);
    this.#port.close();
  }
}

/** Undefined where one thread is to do it: crash points are counted in one. */
export function callSecond(program: string, alone: boolean): Second | undefined {
  return alone || isCrashWanted() ? undefined : new Second(program);
}

/**
 * Does the work for each of a list, with the second thread where there is one; that gets the
 * things as `pack` makes them, texts with one character per byte.
 */
export function share<One, Out extends object | boolean, Common>(
  second: Second | undefined,
  list: readonly One[],
  common: Common,
  work: (one: One, common: Common) => Out,
  pack?: (one: One) => string,
): Shared<Out> {
  const own = (one: One): Out => work(one, common);
  const {length} = list;
  const at = (index: number): One => list[index] as One;
  if (second === undefined) return takeShare({length, at}, new Int32Array(2), own, 'start');
  const given = pack === undefined ? list : packed(list, pack);
  const mine = takeShare({length, at}, second.give({list: given, common}), own, 'start');
  const theirs = second.answer<Out>();
  if (theirs === undefined) return mine;
  const outs = list.map((_, index) => mine.outs[index] ?? theirs.outs[length - 1 - index]);
  const failure = mine.failure ?? theirs.failure;
  return failure === undefined ? {outs} : {outs, failure};
}

/** The second thread's part of a share; does nothing in any other thread. */
export function joinShare(program: string, work: (one: never, common: never) => unknown): void {
  const data = workerData as ShareData | null;
  if (data?.program !== program) return;
  const {state, port} = data;
  const phase = new Int32Array(state);
  Atomics.wait(phase, PHASE, WAITING);
  if (Atomics.compareExchange(phase, PHASE, GIVEN, WORKING) !== GIVEN) return;
  try {
    const {list, common} = receiveMessageOnPort(port)?.message as Task;
    const own = (one: unknown): object | boolean => work(one as never, common as never) as object;
    const things =
      'ends' in list ? unpacked(list) : {length: list.length, at: (n: number) => list[n]};
    const {outs, failure} = takeShare(things, phase, own, 'end');
    port.postMessage({outs, failure: failure === undefined ? undefined : told(failure)});
  } finally {
    Atomics.store(phase, PHASE, ENDED);
    Atomics.notify(phase, PHASE);
  }
}

function packed<One>(list: readonly One[], pack: (one: One) => string): Packed {
  const text = new ByteText(list.length * USUAL_PACK);
  const ends = new Uint32Array(list.length);
  for (const [at, one] of list.entries()) ends[at] = text.add(pack(one));
  return {bytes: text.done(), ends};
}

interface Things<One> {
  readonly length: number;
  readonly at: (index: number) => One;
}

function unpacked({bytes, ends}: Packed): Things<string> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = (index: number): string => text.toString('latin1', ends[index - 1] ?? 0, ends[index]);
  return {length: ends.length, at};
}

/**
 * Works on one thing after the other as long as the other thread leaves some: from the start, or
 * from the end, so that the two seldom are in one folder. What it came to in that order.
 */
function takeShare<One, Out extends object | boolean>(
  {length, at}: Things<One>,
  counter: Int32Array,
  work: (one: One) => Out,
  from: 'start' | 'end',
): Part<Out> {
  const outs: Out[] = [];
  try {
    for (;;) {
      const taken = Atomics.add(counter, NEXT, STEP);
      if (taken >= length) return {outs};
      for (let rest = Math.min(STEP, length - taken); rest > 0; rest -= 1) {
        outs.push(work(at(from === 'start' ? outs.length : length - 1 - outs.length)));
      }
    }
  } catch (failure) {
    if (!(failure instanceof Error)) throw failure;
    Atomics.store(counter, NEXT, length);
    return {outs, failure};
  }
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
