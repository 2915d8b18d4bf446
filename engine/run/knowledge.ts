/**
 * What is known before anything is resolved: prints, the store and its log, the tools of this machine.
 * Types only; who reads all of it is the caller's business.
 */
import type {Checked, Diagnostic} from '../base/diagnostic.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {SourcePrints} from '../graph/prints.ts';
import type {ActionLog} from '../../store/action-log.ts';
import type {SourceChoices} from '../../store/choices.ts';
import type {Store} from '../../store/layout.ts';
import type {Recollection} from './recollection.ts';

/** What the resolver looks things up in. */
export interface Knowledge {
  readonly graph: BuildGraph;
  readonly prints: SourcePrints;
  readonly store: Store;
  readonly log: ActionLog;
  readonly choices: SourceChoices;
  /** What nodes came to the last time. */
  readonly recollection?: Recollection | undefined;
  /** Declared tools → where they are and what they are; asked once for each list. */
  tools(names: readonly string[]): HostTools;
  /** What a program says is its version. */
  toolVersion(place: string): string | undefined;
  /** Every path that decides what some tools are. */
  toolPlaces(names: Iterable<string>): readonly string[];
  /** Keeps what was learnt of unchanged files for the next time. */
  saveCache(): void;
  /** Imports local folders once more, where the store has lost what it took. */
  importAgain(): Checked<undefined>;
}

export interface HostTools {
  readonly tools: Readonly<Record<string, string>>;
  /** A missing tool has the print `missing`: what needs it is stale, and cannot be built. */
  readonly fingerprint: Readonly<Record<string, string>>;
  /** One for each missing tool. */
  readonly problems: readonly Diagnostic[];
}
