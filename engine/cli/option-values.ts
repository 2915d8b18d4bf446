/**
 * What values of options have to look like, for the table of commands. They throw what commander tells.
 */
import {InvalidArgumentError} from 'commander';
import {isSize} from '../load/measure.ts';

/** A whole number from 1 up. */
export function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError(`'${text}' is not a number from 1 up`);
  return number;
}

/** Of `--timings TARGET` the target would else be overwritten, and everything built. */
export function page(text: string): string {
  if (/\.html?$/i.test(text)) return text;
  throw new InvalidArgumentError(
    `a page's name ends in .html: write --timings after '${text}', or with a name`,
  );
}

/** `name=value`, added to those before. */
export function pair(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`'${text}' is not of the form name=value`);
  return {...before, [text.slice(0, at)]: text.slice(at + 1)};
}

/** `1.5GiB`. */
export function size(text: string): string {
  if (isSize(text)) return text;
  throw new InvalidArgumentError(`'${text}' is not a number with B, KiB, MiB, GiB or TiB`);
}
