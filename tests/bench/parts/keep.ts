/**
 * Where figures are kept: docs/benchmarks.json has all of them, docs/benchmarks.md the last.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {format, resolveConfig} from 'prettier';
import {run} from './command.ts';
import {
  BENCHMARKS,
  latest,
  latestOfEach,
  type Benchmark,
  type Entry,
  type Figure,
} from './history.ts';
import {entryText} from './report.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const HISTORY = path.join(ROOT, 'docs/benchmarks.json');
/** Its blocks are written here, the rest by hand. */
export const DOCUMENT: string = path.join(ROOT, 'docs/benchmarks.md');

/** These figures with the machine, the versions and the time. */
export function newEntry(benchmark: Benchmark, figures: Record<string, Figure>): Entry {
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const cpus = os.cpus();
  return {
    benchmark,
    date: new Date().toISOString(),
    commit: commitOf(ROOT),
    machine: `${cpus[0]?.model.trim() ?? 'a processor'}, ${cpus.length} processors, ${memory} GiB`,
    system: `${os.type()} ${os.release().split('.').slice(0, 2).join('.')}`,
    node: process.versions.node,
    figures,
  };
}

/** With a plus when files differ from it; in docs only, where figures are written, they may. */
function commitOf(folder: string): string {
  const git = (...words: string[]): string =>
    run({argv: ['git', ...words], cwd: folder}).stdout.trim();
  try {
    const isChanged = git('status', '--porcelain', '-uno', '--', ':!docs') !== '';
    return git('rev-parse', '--short=10', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown';
  }
}

export function readHistory(): Entry[] {
  return fs.existsSync(HISTORY) ? (JSON.parse(fs.readFileSync(HISTORY, 'utf8')) as Entry[]) : [];
}

/** Adds an entry to the history, and brings the document up to date. */
export async function keep(entry: Entry): Promise<void> {
  const history = [...readHistory(), entry];
  fs.writeFileSync(HISTORY, await formatted(HISTORY, JSON.stringify(history)));
  fs.writeFileSync(DOCUMENT, await documentText(history));
}

/** The document with the last figures of each benchmark in its block. */
export async function documentText(history: readonly Entry[]): Promise<string> {
  let text = fs.readFileSync(DOCUMENT, 'utf8');
  for (const benchmark of BENCHMARKS) {
    const entry = latest(history, benchmark);
    const whole = entry === undefined ? [] : [entry];
    const entries = benchmark === 'graph' ? latestOfEach(history, benchmark) : whole;
    const texts = entries.length === 0 ? [NONE] : entries.map(entryText);
    text = replaceBlock(text, benchmark, texts.join('\n'));
  }
  return formatted(DOCUMENT, text);
}

const NONE = 'No figures are kept yet.';

/** A document with another text between the two marks of a name. */
export function replaceBlock(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- figures of ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no block ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${document.slice(to)}`;
}

async function formatted(file: string, text: string): Promise<string> {
  const style = await resolveConfig(file);
  return format(text, {...style, filepath: file});
}
