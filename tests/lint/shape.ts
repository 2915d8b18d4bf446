/**
 * `npm run shape`: the sizes of files and functions, comments, tests; exit 1 when a limit breaks.
 */
import {measure, type Shape} from './measure.ts';
import {codeFiles, cyclesIn, importGraph} from './sources.ts';

const AREAS = ['engine/base', 'engine/ui', 'store', 'schemas', 'engine/load', 'engine/source'];
const MORE = ['engine/graph', 'engine/sandbox', 'engine/run', 'engine/rootfs', 'engine/cli'];

const product = codeFiles(['engine', 'store', 'schemas']);
const tests = codeFiles(['tests']);
const all = measure(product);
const tested = measure(tests);
const cycles = cyclesIn(importGraph([...product, ...tests]));

const rows: readonly (readonly [string, Shape])[] = [
  ...[...AREAS, ...MORE].map(
    (area) => [area, measure(product.filter((one) => one.path.startsWith(`${area}/`)))] as const,
  ),
  ['all', all],
  ['tests', tested],
];

console.log('area             files lines  median  max   functions median p90 max   comments any');
for (const [name, shape] of rows) if (shape.files > 0) console.log(rowOf(name, shape));
const ratio = tested.lines / Math.max(1, all.lines);
console.log(`cycles ${cycles.length} · test lines : source lines = ${ratio.toFixed(2)}`);

/** Each limit with whether it holds. */
const LIMITS: readonly (readonly [string, boolean])[] = [
  ['median file at most 120 lines', all.medianFile <= 120],
  ['no file over 400 lines', Math.max(all.longestFile, tested.longestFile) <= 400],
  ['no function over 60 lines', Math.max(all.longestFunction, tested.longestFunction) <= 60],
  ['no any', all.anys + tested.anys === 0],
  ['no import cycles, types included', cycles.length === 0],
  ['at least as many lines of tests as of source', tested.lines >= all.lines],
];

const broken = LIMITS.filter(([, holds]) => !holds);
for (const [limit] of broken) console.log(`broken: ${limit}`);
for (const place of [...all.tooLong, ...tested.tooLong]) console.log(`  ${place}`);
for (const group of cycles) console.log(`  cycle: ${group.join(' ')}`);
if (broken.length === 0) console.log('all limits hold');
process.exitCode = broken.length === 0 ? 0 : 1;

function rowOf(name: string, shape: Shape): string {
  const numbers: readonly (readonly [number | string, number])[] = [
    [shape.files, 5],
    [shape.lines, 6],
    [shape.medianFile, 8],
    [shape.longestFile, 5],
    [shape.functions, 12],
    [shape.medianFunction, 7],
    [shape.p90Function, 4],
    [shape.longestFunction, 4],
    [`${Math.round(shape.commentShare * 100)} %`, 11],
    [shape.anys, 4],
  ];
  return name.padEnd(17) + numbers.map(([value, width]) => String(value).padStart(width)).join('');
}
