/**
 * docs/diagnostics.md as text, made from the table of codes. Pure.
 */
import {CODES, type CodeFacts} from '../../engine/base/codes.ts';

const HEAD = `# Diagnostics

Everything recipes can complain about, by code. Made from \`engine/base/codes.ts\` by
\`npm run docs\`. The exit code is that of a command which failed for this reason; where several
did, the highest counts.
`;

const EXITS: Readonly<Record<CodeFacts['exit'], string>> = {
  1: 'a step failed',
  2: 'wrong usage',
  3: 'recipes or configuration',
  4: 'the store',
  5: 'the machine',
};

/** The whole document: groups by the first word of the code, both in order of the alphabet. */
export function diagnosticsText(): string {
  const rows = Object.entries(CODES).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = [...new Set(rows.map(([code]) => areaOf(code)))];
  return [HEAD, ...names.map((name) => group(name, rows))].join('\n');
}

function areaOf(code: string): string {
  return code.split('/')[0] ?? '';
}

type Row = readonly [code: string, facts: CodeFacts];

function group(name: string, rows: readonly Row[]): string {
  const own = rows.filter(([code]) => areaOf(code) === name);
  return [`## ${name}\n`, ...own.map(entry)].join('\n');
}

function entry([code, {exit, means, remedy}]: Row): string {
  return `### \`${code}\`\n\n${means}\n\nWhat to do: ${remedy}\n\nExit ${exit} (${EXITS[exit]}).\n`;
}
