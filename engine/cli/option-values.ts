/**
 * What values of options have to look like: from a text to a value, or what is wrong in words.
 */
import {err, ok, type Result} from '../base/result.ts';
import {isSize} from '../load/measure.ts';

/** `before`: the value of an earlier option of the same name. */
export type Parse<Value> = (text: string, before?: Value) => Result<Value, string>;

/** A whole number from 1 up. */
export function count(text: string): Result<number, string> {
  const number = Number(text);
  const isGood = Number.isInteger(number) && number >= 1;
  return isGood ? ok(number) : err(`'${text}' is not a number from 1 up`);
}

/** Of `--timings TARGET` the target would else be overwritten, and everything built. */
export function page(text: string): Result<string, string> {
  if (/\.html?$/i.test(text)) return ok(text);
  return err(`a page's name ends in .html: write --timings after '${text}', or with a name`);
}

type Pairs = Readonly<Record<string, string>>;

/** `name=value`, added to those before. */
export function pair(text: string, before?: Pairs): Result<Pairs, string> {
  const at = text.indexOf('=');
  if (at < 1) return err(`'${text}' is not of the form name=value`);
  return ok({...before, [text.slice(0, at)]: text.slice(at + 1)});
}

/** `1.5GiB`. */
export function size(text: string): Result<string, string> {
  return isSize(text) ? ok(text) : err(`'${text}' is not a number with B, KiB, MiB, GiB or TiB`);
}
