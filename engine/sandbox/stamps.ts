/**
 * When the steps of a timed build began and ended, from what its shell has noted (steps.ts).
 * The build could write anything there, so no time leaves the span of its sandbox.
 */
import {wallToClock} from '../base/host.ts';
import type {Group, Span} from '../base/span.ts';
import {readClock} from './status.ts';
import {stepName} from './steps.ts';

/** Inside the sandbox's own span, one after the other. */
export interface Range {
  readonly since: number;
  readonly until: number;
}

export function stampSpans(status: string, group: Group, range: Range): readonly Span[] {
  return spansOf(readClock(status) ?? '', group, range, wallToClock());
}

/** `shift`: what makes the shell's time one of the range. */
export function spansOf(text: string, group: Group, range: Range, shift: number): Span[] {
  const stamps = stampsIn(text, range, shift);
  const ends = [...stamps.slice(1).map((one) => one.at), range.until];
  const first = stamps[0];
  if (first === undefined) return [];
  const start = {name: 'start the sandbox', group: 'prepare', since: range.since} as const;
  return [
    {...start, until: first.at},
    ...stamps.flatMap(({name, at}, index): Span[] => {
      const until = ends[index] ?? range.until;
      if (name === 'begun') return [];
      if (name === 'ended') return [{name: 'end the sandbox', group: 'clean', since: at, until}];
      return [{name: stepName(name), group, since: at, until}];
    }),
  ];
}

function stampsIn(
  text: string,
  {since, until}: Range,
  shift: number,
): {name: string; at: number}[] {
  let last = since;
  return text.split('\n').flatMap((line) => {
    const [, name, seconds, fraction] = /^(\S+) (\d{1,12})[.,](\d{6})$/.exec(line) ?? [];
    if (name === undefined) return [];
    const at = Number(seconds) * 1000 + Number(fraction) / 1000 + shift;
    last = Math.min(until, Math.max(last, at));
    return [{name, at: last}];
  });
}
