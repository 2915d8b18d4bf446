/**
 * `${name}` in data fields: replaced by the values of variables, which may use each other.
 * Knows nothing of which fields are data (steps never come here). `$${` stands for `${`.
 */
import {problem, type Diagnostic, type Location} from '../base/diagnostic.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import {partOf, type ScalarNode} from './nodes.ts';

/** The variables of one recipe. */
export interface Scope {
  /** Values that use no other variable. */
  readonly fixed: ReadonlyMap<string, string>;
  /** Values that may use others, as written. */
  readonly written: ReadonlyMap<string, ScalarNode>;
  /** Names that exist but whose value is wrong, which has been said: not reported as unknown. */
  readonly broken: ReadonlySet<string>;
}

/** Resolves the variables of a recipe once and replaces them in its fields. */
export class Variables {
  readonly #scope: Scope;
  readonly #problems: Diagnostic[];
  readonly #values = new Map<string, string>();
  /** Names being resolved, outermost first, each with the place that asked for the next. */
  readonly #chain: string[] = [];

  constructor(scope: Scope, problems: Diagnostic[]) {
    this.#scope = scope;
    this.#problems = problems;
  }

  /** The values of all variables; what cannot be resolved is reported and stands as written. */
  all(): ReadonlyMap<string, string> {
    const names = [...this.#scope.fixed.keys(), ...this.#scope.written.keys()];
    return new Map(names.map((name) => [name, this.#valueOf(name) ?? '']));
  }

  /** The text of a field with its variables replaced. */
  expand(node: ScalarNode): string {
    const text = node.source;
    if (!text.includes('${')) return text;
    let length = text.length;
    return text.replace(REFERENCE, (whole, name: string | undefined, offset: number) => {
      if (whole === '$${') return '${';
      const at = partOf(node, offset, offset + whole.length);
      if (name === undefined) return this.#bad(at, '`${` is never closed', whole, CLOSE);
      const value = this.#reference(name, at) ?? whole;
      length += value.length;
      return length > MAX_LENGTH ? this.#bad(at, TOO_LONG, '', SHORTER) : value;
    });
  }

  /** The value a reference stands for; undefined (and reported) when there is none. */
  #reference(name: string, at: Location): string | undefined {
    const from = this.#chain.indexOf(name);
    if (from >= 0) {
      const chain = [...this.#chain.slice(from), name].join(' → ');
      this.#problems.push(
        problem('recipe/circular-variable', `the variable ${name} uses itself: ${chain}`, {at}),
      );
      return undefined;
    }
    if (this.#chain.length >= MAX_CHAIN) return this.#bad(at, TOO_DEEP, '', SHORTER);
    const value = this.#valueOf(name);
    if (value === undefined && !this.#scope.broken.has(name)) this.#unknown(name, at);
    return value;
  }

  #valueOf(name: string): string | undefined {
    const known = this.#scope.fixed.get(name) ?? this.#values.get(name);
    const node = this.#scope.written.get(name);
    if (known !== undefined || node === undefined) return known;
    this.#chain.push(name);
    const value = this.expand(node);
    this.#chain.pop();
    this.#values.set(name, value);
    return value;
  }

  #unknown(name: string, at: Location): void {
    const known = [...this.#scope.fixed.keys(), ...this.#scope.written.keys()];
    const hint = didYouMean(similarTo(name, known)) ?? `known here: ${known.join(', ')}`;
    this.#problems.push(
      problem('recipe/unknown-variable', `there is no variable \`${name}\``, {at, hint}),
    );
  }

  #bad(at: Location, message: string, text: string, hint: string): string {
    this.#problems.push(problem('recipe/bad-variable', message, {at, hint}));
    return text;
  }
}

/** Values that double at each step are refused before they are made. */
const MAX_LENGTH = 65_536;
/** Each step of a chain is some frames of the stack. */
const MAX_CHAIN = 64;

const TOO_LONG = `the text gets longer than ${MAX_LENGTH} characters here`;
const TOO_DEEP = `variables use each other more than ${MAX_CHAIN} deep`;
const SHORTER = 'write the value out';
const CLOSE = 'write `$${` where the two signs themselves are meant';

/** An escaped `$${`, a reference, or a `${` without end. */
const REFERENCE = /\$\$\{|\$\{(?:([^{}]*)\})?/g;
