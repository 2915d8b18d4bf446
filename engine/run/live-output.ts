/**
 * Tells the last line running nodes printed, by looking at their logs a few times a second.
 * The bytes themselves never pass through here: builds write to their logs directly.
 */
import type {Listener} from '../base/event.ts';
import type {Label} from '../base/label.ts';
import {lastLines} from './logs.ts';

const EVERY_MILLISECONDS = 250;

export class LiveOutput {
  readonly #listener: Listener;
  readonly #running = new Map<Label, {readonly log: string; shown: string}>();
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Follows a log until `unfollow`. */
  follow(label: Label, log: string): void {
    this.#running.set(label, {log, shown: ''});
    this.#timer ??= setInterval(() => {
      this.#look();
    }, EVERY_MILLISECONDS).unref();
  }

  unfollow(label: Label): void {
    this.#running.delete(label);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const [label, node] of this.#running) {
      const line = lastLines(node.log, 1)[0] ?? '';
      if (line === node.shown || line === '') continue;
      node.shown = line;
      this.#listener({type: 'node-output', label, line});
    }
  }
}
