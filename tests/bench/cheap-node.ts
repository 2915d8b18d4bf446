/**
 * Where the milliseconds of one trivial node go: builds the graph of `graph` once from nothing and
 * adds up what the trace of the run says of its phases.
 *
 * Usage: npm run bench cheap-node [NODES] [JOBS]
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {measure} from './parts/command.ts';
import {layered} from './parts/layered.ts';
import {Project} from './parts/project.ts';
import {phaseRows, type Bar, type PhaseRow} from './parts/phases.ts';
import {RECIPES} from './parts/tools.ts';

const [nodes = '200', jobs = '1'] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-bench-'));

main();

function main(): void {
  const project = new Project(RECIPES, layered(Number(nodes)), folder);
  try {
    const trace = path.join(folder, 'trace.json');
    const {argv, cwd} = project.command();
    const words = argv.filter((word) => !word.startsWith('-j'));
    const {milliseconds} = measure({argv: [...words, `-j${jobs}`, '--trace', trace], cwd});
    const {traceEvents} = JSON.parse(fs.readFileSync(trace, 'utf8')) as {traceEvents: Bar[]};
    report(phaseRows(traceEvents), milliseconds);
  } finally {
    project.close();
    fs.rmSync(folder, {recursive: true, force: true, maxRetries: 20});
  }
}

function report(rows: readonly PhaseRow[], milliseconds: number): void {
  console.log(`${nodes} nodes, -j${jobs}: ${(milliseconds / 1000).toFixed(2)} s`);
  console.log('| phase | nodes | mean, ms | median, ms | most, ms | share |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const {name, count, mean, median, most, share} of rows) {
    const figures = [mean, median, most].map((figure) => figure.toFixed(1)).join(' | ');
    console.log(`| ${name} | ${count} | ${figures} | ${Math.round(share * 100)} % |`);
  }
  console.log(`${(milliseconds / Number(nodes)).toFixed(1)} ms of wall time for each node`);
}
