/**
 * The conditions of `when:`: read, checked and decided in one go.
 *
 *   or = and { "||" and } ;  and = equal { "&&" equal } ;  equal = unary [ ("==" | "!=") unary ] ;
 *   unary = "!" unary | "(" or ")" | "options." NAME | "arch" | "'" text "'" | "true" | "false"
 *
 * Every part is checked, also where the value is decided already. Knows nothing of recipes.
 */
import {didYouMean, similarTo} from '../base/suggest.ts';
import {err, ok, type Result} from '../base/result.ts';

/** What a condition may ask about. */
export interface Facts {
  readonly arch: string;
  readonly options: ReadonlyMap<string, OptionFact>;
}

export interface OptionFact {
  readonly value: string | boolean;
  /** What an enum may be; undefined where any text goes. */
  readonly values: readonly string[] | undefined;
}

/** What is wrong, with offsets into the text of the condition. */
export interface ConditionError {
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly hint?: string | undefined;
  /** The option that is asked for and does not exist. */
  readonly option?: string;
}

/** Deeper nesting is refused: the parser recurses. */
const MAX_DEPTH = 32;

/** Whether a condition holds. */
export function decide(text: string, facts: Facts): Result<boolean, ConditionError> {
  try {
    return ok(new Reader(text, facts).decide());
  } catch (error) {
    if (error instanceof Wrong) return err(error.what);
    throw error;
  }
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface Operand {
  readonly value: string | boolean;
  readonly start: number;
  readonly end: number;
  /** The option it is, and what it may be. */
  readonly name?: string;
  readonly values?: readonly string[] | undefined;
}

/** Leaves the parser; never leaves this file. */
class Wrong extends Error {
  readonly what: ConditionError;
  constructor(what: ConditionError) {
    super(what.message);
    this.what = what;
  }
}

class Reader {
  readonly #text: string;
  readonly #facts: Facts;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string, facts: Facts) {
    this.#text = text;
    this.#facts = facts;
    this.#tokens = tokensOf(text);
  }

  decide(): boolean {
    const value = this.#truth(this.#or());
    const rest = this.#tokens[this.#next];
    if (rest !== undefined) wrong(`\`${rest.text}\` is not expected here`, rest, OPERATORS);
    return value;
  }

  #or(): Operand {
    return this.#chain('||', () => this.#and());
  }

  #and(): Operand {
    return this.#chain('&&', () => this.#equal());
  }

  /** Operands joined by one operator; all must be true or false when there are several. */
  #chain(operator: '||' | '&&', part: () => Operand): Operand {
    let left = part();
    while (this.#take(operator)) {
      const before = this.#truth(left);
      const right = part();
      const after = this.#truth(right);
      const value = operator === '||' ? before || after : before && after;
      left = {value, start: left.start, end: right.end};
    }
    return left;
  }

  #equal(): Operand {
    const left = this.#unary();
    const operator = this.#tokens[this.#next]?.text;
    if (operator !== '==' && operator !== '!=') return left;
    this.#next += 1;
    const right = this.#unary();
    comparable(left, right);
    comparable(right, left);
    const value = (left.value === right.value) === (operator === '==');
    return {value, start: left.start, end: right.end};
  }

  #unary(): Operand {
    const token = this.#tokens[this.#next] ?? this.#end();
    this.#next += 1;
    if (token.text !== '!' && token.text !== '(') return this.#operand(token);
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) wrong('the condition is nested too deeply', token);
    const inner = token.text === '!' ? this.#not(token) : this.#group(token);
    this.#depth -= 1;
    return inner;
  }

  #not(token: Token): Operand {
    const inner = this.#unary();
    return {value: !this.#truth(inner), start: token.start, end: inner.end};
  }

  #group(token: Token): Operand {
    const inner = this.#or();
    if (!this.#take(')')) wrong('the `(` is never closed', token);
    return inner;
  }

  #operand(token: Token): Operand {
    const {text, start, end} = token;
    if (text === 'true' || text === 'false') return {value: text === 'true', start, end};
    if (text === 'arch') return {value: this.#facts.arch, start, end};
    if (text.startsWith("'")) return {value: text.slice(1, -1), start, end};
    if (!text.startsWith('options.'))
      return wrong(`\`${text}\` is not known here`, token, OPERANDS);
    const name = text.slice('options.'.length);
    const option = this.#facts.options.get(name);
    if (option !== undefined) return {value: option.value, start, end, name, values: option.values};
    const near = didYouMean(similarTo(name, this.#facts.options.keys()));
    const message = `the recipe has no option \`${name}\``;
    throw new Wrong({message, start, end, hint: near ?? 'declare it at `options:`', option: name});
  }

  /** The value of an operand where only true and false make sense. */
  #truth(operand: Operand): boolean {
    if (typeof operand.value === 'boolean') return operand.value;
    const text = this.#text.slice(operand.start, operand.end);
    return wrong(`${text} is a text, not true or false`, operand, "compare it: == '…'");
  }

  #take(text: string): boolean {
    if (this.#tokens[this.#next]?.text !== text) return false;
    this.#next += 1;
    return true;
  }

  #end(): never {
    const end = this.#text.length;
    return wrong('the condition ends too early', {start: Math.max(0, end - 1), end}, OPERANDS);
  }
}

const OPERANDS = "known are options.NAME, arch, 'text', true and false";
const OPERATORS = 'parts are joined by || && == !=';

/** Refuses a comparison that can never be true. */
function comparable(one: Operand, other: Operand): void {
  if (typeof one.value !== typeof other.value)
    wrong('a text is compared with true or false', {
      start: one.start,
      end: Math.max(one.end, other.end),
    });
  if (one.values === undefined || other.name !== undefined) return;
  if (typeof other.value !== 'string' || one.values.includes(other.value)) return;
  const hint =
    didYouMean(similarTo(other.value, one.values)) ?? `it is one of ${one.values.join(', ')}`;
  wrong(`\`${one.name ?? ''}\` is never '${other.value}'`, other, hint);
}

const BLANKS = /\s*/y;
const TOKEN = /\|\||&&|==|!=|!|\(|\)|'[^']*'|[A-Za-z_][A-Za-z0-9_.-]*/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let start = skipBlanks(text, 0); start < text.length;) {
    TOKEN.lastIndex = start;
    const found = TOKEN.exec(text)?.[0];
    if (found === undefined)
      wrong(`\`${text.charAt(start)}\` is not expected here`, {start, end: start + 1}, SIGNS);
    tokens.push({text: found, start, end: start + found.length});
    start = skipBlanks(text, start + found.length);
  }
  return tokens;
}

function skipBlanks(text: string, from: number): number {
  BLANKS.lastIndex = from;
  return from + (BLANKS.exec(text)?.[0].length ?? 0);
}

const SIGNS = "a condition has || && ! == != ( ) options.NAME arch 'text' true false";

function wrong(message: string, at: {start: number; end: number}, hint?: string): never {
  throw new Wrong({message, start: at.start, end: at.end, hint});
}
