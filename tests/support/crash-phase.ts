/** A command that is ended at every call it makes. */
import type {Ran, Space} from './space.ts';

export interface Phase {
  readonly name: string;
  readonly command: readonly string[];
  /** Makes the state that the command begins in. */
  prepare(space: Space): Promise<void>;
  /** What the command has come to: the same text, however often it had to be repeated. */
  outcome(space: Space, ran: Ran): Promise<string>;
  /** What is wrong after a crash, besides the objects of the store. */
  troubles(space: Space): string[];
}
