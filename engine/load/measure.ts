/**
 * Times (`1h30min`) and sizes (`1.5GiB`) as numbers. The schemas have checked their spelling.
 */
import {assert} from '../base/result.ts';

const MILLISECONDS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  min: 60_000,
  s: 1000,
};

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** The milliseconds of numbers with d, h, min and s. */
export function parseTime(text: string): number {
  let sum = 0;
  for (const [, count, unit = ''] of text.matchAll(/(\d+)(d|h|min|s)/g))
    sum += Number(count) * (MILLISECONDS[unit] ?? 0);
  return sum;
}

/** The bytes of a number, or of a number with B, KiB, MiB, GiB or TiB; whole bytes. */
export function parseSize(size: string | number): number {
  if (typeof size === 'number') return size;
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/.exec(size);
  assert(match !== null, `not a size: ${size}`);
  return Math.round(Number(match[1]) * (BYTES[match[2] ?? ''] ?? 1));
}

/** Whether a text is a size; for values that come from elsewhere than a checked file. */
export function isSize(text: string): boolean {
  return /^\d{1,9}(\.\d{1,3})?(B|KiB|MiB|GiB|TiB)$/.test(text);
}
