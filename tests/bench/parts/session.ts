/**
 * One benchmark of graphs from its options to its report: every size in a folder of its own that is
 * gone afterwards. Which tools take part is the benchmark's affair.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {hasGnuTime} from './command.ts';
import {compare, figuresOf, type Benchmark, type Figure} from './history.ts';
import {keep, newEntry, readHistory} from './keep.ts';
import {layered} from './layered.ts';
import type {Options} from './options.ts';
import {Project} from './project.ts';
import {comparisonText, entryText} from './report.ts';
import {measureAll, type Samples} from './rounds.ts';
import type {Tool} from './tools.ts';

export interface Session {
  readonly benchmark: Benchmark;
  readonly options: Options;
  /** Ours first. */
  readonly tools: (nodes: number) => readonly Tool[];
}

export async function runSession({benchmark, options, tools}: Session): Promise<void> {
  if (!hasGnuTime()) console.error('SKIPPED: memory, for GNU time is not installed');
  const figures: Record<string, Figure> = {};
  for (const nodes of options.sizes) {
    const taking = tools(nodes);
    const samples = await measureSize(nodes, taking, options);
    const isAlone = (name: string): boolean => taking.some((one) => one.name === name && one.alone);
    Object.assign(figures, figuresOf(nodes, samples, isAlone));
  }
  const entry = newEntry(benchmark, figures);
  console.log(`${entryText(entry)}\n${comparisonText(compare(entry, readHistory()))}`);
  if (options.json !== undefined) fs.writeFileSync(options.json, `${JSON.stringify(entry)}\n`);
  if (options.write) await keep(entry);
}

async function measureSize(
  nodes: number,
  tools: readonly Tool[],
  {pairs, patience, scenarios}: Options,
): Promise<Samples> {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-bench-'));
  const graph = layered(nodes);
  const projects = tools.map((tool) => new Project(tool, graph, parent));
  const tell = (line: string): void => console.error(`${nodes} nodes, ${line}`);
  try {
    tell(`${graph.above} of them above the source that changes`);
    // Younger files are read again whatever their times say.
    await new Promise((resolve) => setTimeout(resolve, AGE));
    return measureAll(projects, {pairs, patience, scenarios, tell});
  } finally {
    for (const project of projects) close(project, tell);
    fs.rmSync(parent, {recursive: true, force: true, maxRetries: 20});
  }
}

const AGE = 2200;

/** What a tool leaves behind is no reason to lose the figures. */
function close(project: Project, tell: (line: string) => void): void {
  try {
    project.close();
  } catch (error) {
    tell(`${project.tool.name} did not end well: ${error instanceof Error ? error.message : ''}`);
  }
}
