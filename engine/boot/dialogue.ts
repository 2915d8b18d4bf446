/**
 * Talks with the console of a machine: waits for what is to be seen, types what is to be sent.
 * Knows nothing of machines: only of what it is told to read and whom to write to.
 */
import {stripVTControlCharacters} from 'node:util';
import {fail, type Checked} from '../base/diagnostic.ts';
import {ok} from '../base/result.ts';

export interface DialogueStep {
  /** Undefined: nothing to wait for. */
  readonly expect: string | RegExp | undefined;
  readonly send: string | undefined;
  readonly milliseconds: number;
}

export interface Console {
  /** Pieces of what the machine writes, until it has ended. */
  readonly output: AsyncIterable<string>;
  write(text: string): void;
}

/** A sequence for the terminal whose end has not come yet. */
const BEGUN = /\x1b(?:\[[0-?]*[ -/]*)?$/;

/** So much of what was seen is looked at, and shown when a step fails. */
const WINDOW = 65_536;
const LINES_SHOWN = 15;

/** Goes through the steps; ok when all of them have happened. */
export async function converse(
  console: Console,
  steps: readonly DialogueStep[],
): Promise<Checked<undefined>> {
  const reader = console.output[Symbol.asyncIterator]();
  // A read that a timeout has left behind goes on with the next step.
  const state: Reading = {reader, seen: '', begun: '', from: 0, pending: undefined};
  for (const [index, step] of steps.entries()) {
    const found = step.expect === undefined ? 'found' : await waitFor(state, step);
    if (found !== 'found') return missed(index, step, found, state.seen);
    if (step.send !== undefined) console.write(step.send);
  }
  return ok(undefined);
}

interface Reading {
  readonly reader: AsyncIterator<string>;
  seen: string;
  /** Of a sequence for the terminal, what has come of it. */
  begun: string;
  /** Where in `seen` the next step looks. */
  from: number;
  pending: Promise<IteratorResult<string>> | undefined;
}

type Found = 'found' | 'timeout' | 'ended';

async function waitFor(state: Reading, {expect, milliseconds}: DialogueStep): Promise<Found> {
  const alarm = startAlarm(milliseconds);
  try {
    for (;;) {
      const end = endOf(state.seen.slice(state.from), expect ?? '');
      if (end !== undefined) {
        state.from += end;
        return 'found';
      }
      state.pending ??= state.reader.next();
      const next = await Promise.race([state.pending, alarm.rung]);
      if (next === 'timeout') return 'timeout';
      state.pending = undefined;
      if (next.done === true) return 'ended';
      remember(state, next.value);
    }
  } finally {
    alarm.stop();
  }
}

/** Where the first place ends that is as expected. */
function endOf(text: string, expect: string | RegExp): number | undefined {
  if (typeof expect === 'string') {
    const at = text.indexOf(expect);
    return at < 0 ? undefined : at + expect.length;
  }
  const match = expect.exec(text);
  return match === null ? undefined : match.index + match[0].length;
}

/**
 * What people see of it: consoles end lines with both signs, and shells tell terminals how to be
 * (ECMA-48); nobody who writes a dialogue thinks of that.
 */
function remember(state: Reading, piece: string): void {
  const text = state.begun + piece;
  const cut = text.search(BEGUN);
  state.begun = cut < 0 ? '' : text.slice(cut);
  const shown = stripVTControlCharacters(cut < 0 ? text : text.slice(0, cut));
  const all = state.seen + shown.replaceAll('\r', '');
  const dropped = Math.min(Math.max(0, all.length - WINDOW), state.from);
  state.seen = all.slice(dropped);
  state.from -= dropped;
}

function startAlarm(milliseconds: number): {rung: Promise<'timeout'>; stop: () => void} {
  let stop = (): void => undefined;
  const rung = new Promise<'timeout'>((resolve) => {
    const timer = setTimeout(() => {
      resolve('timeout');
    }, milliseconds);
    stop = () => {
      clearTimeout(timer);
    };
  });
  return {rung, stop};
}

function missed(
  index: number,
  {expect, milliseconds}: DialogueStep,
  found: Found,
  seen: string,
): Checked<never> {
  const wanted = expect instanceof RegExp ? String(expect) : JSON.stringify(expect);
  const why =
    found === 'ended'
      ? 'and the machine has ended'
      : `was not seen within ${milliseconds / 1000} s`;
  const said = found === 'ended' ? `${wanted} was not seen, ${why}` : `${wanted} ${why}`;
  const lines = seen.trimEnd().split('\n').slice(-LINES_SHOWN);
  const notes = [{message: `the console ended with:\n${lines.join('\n')}`}];
  return fail('boot/dialogue', `step ${index + 1}: ${said}`, {notes});
}
