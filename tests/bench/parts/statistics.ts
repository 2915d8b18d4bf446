/**
 * The arithmetic of a measurement. Knows no unit and nothing of what was measured.
 */

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const low = sorted[Math.ceil(half) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(half)] ?? Number.NaN;
  return (low + high) / 2;
}

/**
 * How many times the first series the second is: the median of the ratios of the pairs, since what
 * slows a machine for a while slows both of a pair. Values without a partner count for nothing.
 */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  const pairs = Math.min(ours.length, theirs.length);
  const ratios = ours.slice(0, pairs).map((value, at) => (theirs[at] ?? Number.NaN) / value);
  return median(ratios);
}

export interface Point {
  readonly size: number;
  readonly cost: number;
}

/**
 * The k of cost = c · size^k that fits best: the slope of the least squares of the logarithms.
 * 1 is linear, 2 is quadratic. Not a number with fewer than two different sizes.
 */
export function exponent(points: readonly Point[]): number {
  const xs = points.map((one) => Math.log(one.size));
  const ys = points.map((one) => Math.log(one.cost));
  const [x, y] = [mean(xs), mean(ys)];
  const along = xs.map((one, at) => (one - x) * ((ys[at] ?? Number.NaN) - y));
  const square = xs.map((one) => (one - x) ** 2);
  return sum(along) / sum(square);
}

/** The exponent from each size to the next: where growth bends, the fit of all hides it. */
export function steps(points: readonly Point[]): number[] {
  return points.slice(1).map((point, at) => exponent([points[at] ?? point, point]));
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
