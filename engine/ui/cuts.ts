/**
 * Nodes that turn out to be fresh while a run is on: a line each for a few, one line for what is
 * many at once. Knows nothing of where the text goes.
 */
import type {Together, Told} from '../base/event.ts';
import {announce, type Announcing} from './announce.ts';
import {NO_RECAP} from './outcome.ts';
import {count} from './text.ts';

/** More at once are not named, unless somebody wants to know all. */
const NAMED = 20;

export class Cuts {
  #told: Together[] = [];

  /** Whether it is one, or many; then it is kept. */
  keeps(event: Told): boolean {
    if (event.type !== 'nodes-finished' || event.outcome !== 'cut') return false;
    this.#told.push(event);
    return true;
  }

  get isEmpty(): boolean {
    return this.#told.length === 0;
  }

  /** Those that were kept since the last time. */
  release(): readonly Together[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }
}

export function countOf(told: readonly Together[]): number {
  return told.reduce((sum, one) => sum + one.count, 0);
}

/** What is said of those that turned out to be fresh at once. */
export function cutsText(told: readonly Together[], style: Announcing): string {
  const all = countOf(told);
  if (style.verbose || all <= NAMED) {
    const events = told.flatMap((one) => one.nodes());
    return events.map((event) => announce(event, NO_RECAP, style)).join('');
  }
  const {look} = style;
  const mark = look.paint('green', look.symbols.good);
  return `${mark} ${count(all, 'node')} fresh: their inputs came out as before\n`;
}
