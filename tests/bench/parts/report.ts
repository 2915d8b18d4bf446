/**
 * Figures as tables in Markdown, and comparisons as lines. Pure texts.
 */
import {figureName, OURS, REGRESSION, type Comparison, type Entry, type Figure} from './history.ts';
import {SCENARIOS, TITLES, type Scenario} from './scenario.ts';
import {exponent, steps, type Point} from './statistics.ts';

const whole = new Intl.NumberFormat('en-US');

/** Where and when figures are from, and the tables of their benchmark. */
export function entryText(entry: Entry): string {
  const {benchmark, date, commit, machine, system, node} = entry;
  const origin = `Measured ${date.slice(0, 10)} at ${commit}: ${machine}, ${system}, Node ${node}.`;
  return `${origin}\n\n${benchmark === 'graph' ? graphTables(entry) : growthTable(entry)}`;
}

/** A table for each size: ours in seconds, peers in seconds and as how many times ours. */
function graphTables(entry: Entry): string {
  const sizes = sizesOf(entry);
  return sizes.map((nodes) => sizeTable(entry, nodes)).join('\n');
}

function sizeTable(entry: Entry, nodes: number): string {
  const names = toolsOf(entry, nodes);
  const measured = SCENARIOS.filter((one) => figureName(nodes, one, OURS) in entry.figures);
  const rows = measured.map((scenario) => {
    const cells = names.map((tool) => cellOf(entry.figures[figureName(nodes, scenario, tool)]));
    const own = entry.figures[figureName(nodes, scenario, OURS)];
    return [TITLES[scenario], ...cells, memory(own)];
  });
  return table([`${whole.format(nodes)} nodes`, ...names, 'memory of ours'], rows);
}

function cellOf(figure: Figure | undefined): string {
  if (figure === undefined) return '–';
  const times = figure.times === null ? '' : ` (${digits(figure.times)}×)`;
  return `${seconds(figure.ms)} s${times}`;
}

/** One table: how ours grow with the number of nodes. */
function growthTable(entry: Entry): string {
  const sizes = sizesOf(entry);
  const rows = SCENARIOS.map((scenario) => {
    const own = sizes.map((nodes) => entry.figures[figureName(nodes, scenario, OURS)]);
    const cells = own.map((figure) =>
      figure === undefined ? '–' : `${seconds(figure.ms)} s, ${memory(figure)}`,
    );
    return [TITLES[scenario], ...cells, ...exponents(entry, sizes, scenario)];
  });
  const heads = sizes.map((nodes) => `${whole.format(nodes)} nodes`);
  return table(['', ...heads, 'exponent', 'from size to size'], rows);
}

function exponents(entry: Entry, sizes: readonly number[], scenario: Scenario): string[] {
  const points = sizes.flatMap((size): Point[] => {
    const figure = entry.figures[figureName(size, scenario, OURS)];
    return figure === undefined ? [] : [{size, cost: figure.ms}];
  });
  if (points.length < 2) return ['–', '–'];
  const each = steps(points).map((one) => one.toFixed(2));
  return [exponent(points).toFixed(2), each.join(', ')];
}

/** How figures stand to those before, regressions last and loud. */
export function comparisonText(found: readonly Comparison[]): string {
  if (found.length === 0) return 'No figures of this machine to compare with.\n';
  const line = (one: Comparison): string =>
    `  ${one.name.padEnd(26)} ${seconds(one.before)} s → ${seconds(one.now)} s` +
    `  ${one.times.toFixed(2)}× (${one.since})`;
  const bad = found.filter((one) => one.isRegression);
  const verdict =
    bad.length === 0
      ? [`No figure of ours is over ${REGRESSION} times the one before.`]
      : [`REGRESSION: over ${REGRESSION} times the figure before:`, ...bad.map(line)];
  return `${['Beside the figures before:', ...found.map(line), ...verdict].join('\n')}\n`;
}

function sizesOf(entry: Entry): number[] {
  const sizes = Object.keys(entry.figures).map((name) => Number(name.split(' ')[0]));
  return [...new Set(sizes)].sort((a, b) => a - b);
}

/** Ours first, then the others as they were measured. */
function toolsOf(entry: Entry, nodes: number): string[] {
  const names = Object.keys(entry.figures).map((name) => name.split(' '));
  const tools = names.filter(([size]) => size === String(nodes)).map((name) => name[2] ?? '');
  return [...new Set([OURS, ...tools])];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [head, head.map(() => '---'), ...rows].map(line).join('');
}

function memory(figure: Figure | undefined): string {
  const size = figure?.MiB ?? undefined;
  return size === undefined ? '–' : `${Math.round(size)} MiB`;
}

function seconds(milliseconds: number): string {
  return digits(milliseconds / 1000);
}

/** As many decimals as mean something. */
function digits(value: number): string {
  return value.toFixed(value < 1 ? 3 : value < 10 ? 2 : 1);
}
