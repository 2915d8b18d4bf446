/**
 * Which of a source's places was taken, once chosen: (recipe key, source name) → digest of the
 * bytes. The choice stays until the recipe changes or somebody prefers another place, so that
 * a build does not change because a server was down for a minute.
 * One JSON array a line: recipe key, source name, digest; the last line of a pair counts.
 */
import {isDigest, type BlobDigest, type RecipeKey, type TreeDigest} from '../engine/base/hash.ts';
import {choicesFile, type Store} from './layout.ts';
import {appendLog, readLog, rewriteLog} from './quick-log.ts';

const MANY = 2_000;

/** Invariant: `#choices` is the log as of opening plus what this object has set. */
export class SourceChoices {
  readonly #store: Store;
  readonly #choices: Map<string, string>;
  #lines: number;

  private constructor(store: Store, texts: readonly string[]) {
    this.#store = store;
    this.#choices = choicesIn(texts);
    this.#lines = texts.length;
  }

  /** Throws system errors. */
  static open(store: Store): SourceChoices {
    return new SourceChoices(store, readLog(choicesFile(store)));
  }

  get(recipe: RecipeKey, source: string): string | undefined {
    return this.#choices.get(pairOf(recipe, source));
  }

  /** Durable on return; nothing is written when it is the choice already. */
  set(recipe: RecipeKey, source: string, digest: BlobDigest | TreeDigest): void {
    if (this.get(recipe, source) === digest) return;
    appendLog(this.#store, choicesFile(this.#store), [JSON.stringify([recipe, source, digest])]);
    this.#choices.set(pairOf(recipe, source), digest);
    this.#lines += 1;
    if (this.#lines > MANY && this.#lines > this.#choices.size * 2) this.#shorten();
  }

  #shorten(): void {
    rewriteLog(this.#store, choicesFile(this.#store), (texts) =>
      [...choicesIn(texts)].map(([pair, digest]) => JSON.stringify([...splitPair(pair), digest])),
    );
    this.#lines = this.#choices.size;
  }
}

function choicesIn(texts: readonly string[]): Map<string, string> {
  const choices = new Map<string, string>();
  for (const text of texts) {
    const [recipe, source, digest] = JSON.parse(text) as [RecipeKey, string, string];
    if (isDigest(digest)) choices.set(pairOf(recipe, source), digest);
  }
  return choices;
}

/** A recipe key has no space, so the first one divides. */
function pairOf(recipe: RecipeKey, source: string): string {
  return `${recipe} ${source}`;
}

function splitPair(pair: string): [string, string] {
  const space = pair.indexOf(' ');
  return [pair.slice(0, space), pair.slice(space + 1)];
}
