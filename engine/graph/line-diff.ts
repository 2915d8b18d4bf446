/**
 * The lines that differ between two texts, as few as possible.
 * The longest common subsequence by the table of Wagner and Fischer (1974); texts whose differing
 * middles are too large for the table count as replaced whole.
 */

export interface LineChange {
  readonly sign: '-' | '+';
  readonly line: string;
}

const LARGEST_TABLE = 1_000_000;

/** Removed and added lines in the order of the text, those taken away first. */
export function diffLines(before: string, after: string): readonly LineChange[] {
  const old = before.split('\n');
  const fresh = after.split('\n');
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let tail = 0;
  const room = Math.min(old.length, fresh.length) - start;
  while (tail < room && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail += 1;
  return diffMiddle(old.slice(start, old.length - tail), fresh.slice(start, fresh.length - tail));
}

function diffMiddle(old: readonly string[], fresh: readonly string[]): readonly LineChange[] {
  if (old.length * fresh.length > LARGEST_TABLE) {
    return [...old.map((line) => removed(line)), ...fresh.map((line) => added(line))];
  }
  const table = commonLengths(old, fresh);
  const width = fresh.length + 1;
  const changes: LineChange[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < fresh.length) {
    const [left, right] = [old[row], fresh[column]];
    const below = table[(row + 1) * width + column] ?? 0;
    const beside = table[row * width + column + 1] ?? 0;
    if (left !== undefined && left === right) {
      row += 1;
      column += 1;
    } else if (left !== undefined && (right === undefined || below >= beside)) {
      changes.push(removed(left));
      row += 1;
    } else if (right !== undefined) {
      changes.push(added(right));
      column += 1;
    }
  }
  return changes;
}

/** For each pair of places the length of the longest common subsequence of what follows. */
function commonLengths(old: readonly string[], fresh: readonly string[]): Uint32Array {
  const width = fresh.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = fresh.length - 1; column >= 0; column -= 1) {
      const below = table[(row + 1) * width + column] ?? 0;
      const beside = table[row * width + column + 1] ?? 0;
      const both = (table[(row + 1) * width + column + 1] ?? 0) + 1;
      table[row * width + column] = old[row] === fresh[column] ? both : Math.max(below, beside);
    }
  }
  return table;
}

function removed(line: string): LineChange {
  return {sign: '-', line};
}

function added(line: string): LineChange {
  return {sign: '+', line};
}
