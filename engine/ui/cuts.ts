/**
 * Nodes that turn out to be fresh while a run is on: a line each for a few, one line for what is
 * many at once. Knows nothing of where the text goes.
 */
import type {Finished, Told} from '../base/event.ts';
import {announce, type Announcing} from './announce.ts';
import {NO_RECAP} from './outcome.ts';
import {count} from './text.ts';

/** More at once are not named, unless somebody wants to know all. */
const NAMED = 20;

export class Cuts {
  #events: readonly Finished[] = [];

  /** Whether it is one, or many; then it is kept. */
  keeps(event: Told): boolean {
    if (event.type !== 'nodes-finished' || event.outcome !== 'cut') return false;
    this.#events = this.#events.length === 0 ? event.nodes : this.#events.concat(event.nodes);
    return true;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Those that were kept since the last time. */
  release(): readonly Finished[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/** What is said of those that turned out to be fresh at once. */
export function cutsText(events: readonly Finished[], style: Announcing): string {
  if (style.verbose || events.length <= NAMED) {
    return events.map((event) => announce(event, NO_RECAP, style)).join('');
  }
  const {look} = style;
  const mark = look.paint('green', look.symbols.good);
  return `${mark} ${count(events.length, 'node')} fresh: their inputs came out as before\n`;
}
