/**
 * A `recipes watch` that a test drives: it changes files and waits for what is told. Nothing
 * sleeps; what is told are the events of `--progress json`.
 */
import fs from 'node:fs';
import type {Event} from '../../engine/base/event.ts';
import {until, type Running, type RunOptions, type Space} from './space.ts';

export type Told<Type extends Event['type']> = Extract<Event, {type: Type}>;

export class Watching {
  readonly running: Running;
  /** What was looked at already. */
  #seen = 0;

  private constructor(running: Running) {
    this.running = running;
  }

  /** Started, and waiting for its first change. */
  static async begun(
    space: Space,
    argv: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<Watching> {
    const watching = Watching.start(space, argv, options);
    await watching.idle();
    return watching;
  }

  static start(space: Space, argv: readonly string[] = [], options: RunOptions = {}): Watching {
    return new Watching(space.start(['watch', '--progress', 'json', ...argv], options));
  }

  /** All that was told so far. */
  get events(): readonly Event[] {
    const lines = this.running.output().split('\n').slice(0, -1);
    return lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Event] : []));
  }

  /** What was told since this was called last, up to where it waits again. */
  async idle(): Promise<readonly Event[]> {
    return this.idleAfter('anything', () => true);
  }

  /** The same, where it has told something certain before it waits. */
  async idleAfter(what: string, isIt: (event: Event) => boolean): Promise<readonly Event[]> {
    const find = (): number => {
      const fresh = this.events.slice(this.#seen);
      const at = fresh.findIndex(isIt);
      const rest = at < 0 ? -1 : fresh.slice(at).findIndex((one) => one.type === 'watching');
      return rest < 0 ? -1 : this.#seen + at + rest + 1;
    };
    const isDone = (): boolean => find() >= 0;
    await until(`it waits after ${what}`, isDone).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.running.output()}`);
    });
    const from = this.#seen;
    this.#seen = find();
    return this.events.slice(from, this.#seen);
  }

  /** Waits again after this label was built. */
  async built(label: string): Promise<readonly Event[]> {
    return this.idleAfter(`${label} is built`, (event) => isEnd(event, label, 'built'));
  }

  /** Waits until something was told, idle or not. */
  async told(what: string, isIt: (event: Event) => boolean): Promise<void> {
    await until(what, () => this.events.slice(this.#seen).some(isIt));
  }

  /** Ends it as Ctrl-C does. */
  async end(): Promise<number | null> {
    this.running.child.kill('SIGINT');
    return (await this.running.ended).status;
  }
}

export function isEnd(event: Event, label: string, outcome: string): boolean {
  return event.type === 'node-finished' && event.label === label && event.outcome === outcome;
}

/** The labels that ended in a way, in order. */
export function ended(events: readonly Event[], outcome: string): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'node-finished' && event.outcome === outcome ? [event.label] : [],
  );
}

export function ofType<Type extends Event['type']>(
  events: readonly Event[],
  type: Type,
): readonly Told<Type>[] {
  return events.filter((event): event is Told<Type> => event.type === type);
}

/** As editors save: another file takes the name. */
export function renameOver(space: Space, name: string, text: string): void {
  space.write(`${name}.new`, text);
  fs.renameSync(space.at(`${name}.new`), space.at(name));
}

/** How many logs a label has: one for each time it was begun. */
export function logsOf(space: Space, label: string): number {
  const stem = `${label.replace('/', '_')}-`;
  return fs.readdirSync(space.at('.recipes/logs')).filter((one) => one.startsWith(stem)).length;
}
