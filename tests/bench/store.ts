/**
 * The store beside ostree, in turn, with one tree: storing it durably, laying it out by hard
 * links, reading every byte of it. Whole processes of both, the start of Node included.
 *
 * Usage: npm run bench store [PAIRS] [FILES] [MEGABYTES]
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const [pairs = '5', count = '20000', megabytes = '400'] = process.argv.slice(2);
const WORK = fileURLToPath(new URL('parts/store-work.js', import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-bench-'));
const at = (name: string): string => path.join(folder, name);

type Times = Record<string, number[]>;

main();

function main(): void {
  try {
    makeTree(at('tree'), Number(count), Number(megabytes) * 1e6);
    const ours: Times = {};
    const peer: Times = {};
    for (let pair = 0; pair < Number(pairs); pair += 1) {
      // In turn, and each in places of its own: what was just removed is slow to be made again.
      if (pair % 2 === 0) runPeer(pair, peer);
      runOurs(pair, ours);
      if (pair % 2 === 1) runPeer(pair, peer);
      console.error(`pair ${pair + 1}: ${JSON.stringify([last(ours), last(peer)])}`);
    }
    report(ours, peer);
  } finally {
    fs.rmSync(folder, {recursive: true, force: true});
  }
}

function runOurs(pair: number, times: Times): void {
  const store = at(`store-${pair}`);
  const run = (...words: string[]): string =>
    execFileSync(process.execPath, [WORK, ...words], {encoding: 'utf8'}).trim();
  const tree = timed(times, 'import', () => run('import', store, at('tree')));
  timed(times, 'checkout', () => run('checkout', store, tree, at(`ours-${pair}`)));
  timed(times, 'verify', () => run('verify', store));
}

function runPeer(pair: number, times: Times): void {
  const repo = `--repo=${at(`repo-${pair}`)}`;
  const run = (...words: string[]): string =>
    execFileSync('ostree', [repo, ...words], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
  const mode = process.getuid?.() === 0 ? 'bare' : 'bare-user-only';
  run('init', `--mode=${mode}`);
  timed(times, 'import', () => run('commit', '-b', 'main', `--tree=dir=${at('tree')}`));
  timed(times, 'checkout', () => run('checkout', '-H', 'main', at(`peer-${pair}`)));
  timed(times, 'verify', () => run('fsck'));
}

function timed<T>(times: Times, name: string, work: () => T): T {
  settle();
  const began = performance.now();
  const value = work();
  (times[name] ??= []).push((performance.now() - began) / 1000);
  return value;
}

/**
 * The same ground for both: nothing left to be written for the one before, the tree in the page
 * cache, and memory that the machine below a virtual one has already given.
 */
function settle(): void {
  execFileSync('sync', ['-f', folder]);
  spawnSync('grep', ['-rq', 'a text that is in no file', at('tree')]);
  Buffer.alloc(Number(megabytes) * 4e6, 1);
}

function last(times: Times): Record<string, string> {
  const rows = Object.entries(times).map(([name, list]) => [name, (list.at(-1) ?? 0).toFixed(3)]);
  return Object.fromEntries(rows) as Record<string, string>;
}

function report(ours: Times, peer: Times): void {
  const names = {
    import: ['storing durably', 'ostree commit'],
    checkout: ['laying out by hard links', 'ostree checkout -H'],
    verify: ['reading every byte', 'ostree fsck'],
  };
  console.log(`| ${count} files, ${megabytes} MB | recipes, s | ostree, s | ratio |`);
  console.log('| --- | --- | --- | --- |');
  for (const [name, [what, theirs]] of Object.entries(names)) {
    const [a, b] = [ours[name] ?? [], peer[name] ?? []];
    // What slows the machine for a while slows both of a pair.
    const ratio = median(a.map((seconds, pair) => seconds / (b[pair] ?? Number.NaN)));
    const columns = [median(a), median(b), ratio].map((figure) => figure.toFixed(2));
    console.log(`| ${what ?? ''} (\`${theirs ?? ''}\`) | ${columns.join(' | ')} |`);
  }
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Nineteen of twenty files are small and hold an eighth of the bytes together; none are equal. */
function makeTree(root: string, files: number, bytes: number): void {
  const large = Math.ceil(files / 20);
  const small = Math.floor(bytes / 8 / (files - large));
  const big = Math.floor((bytes * 7) / 8 / large);
  for (let index = 0; index < files; index += 1) {
    const to = path.join(root, `d${index % 200}`, `s${Math.floor(index / 200) % 10}`);
    fs.mkdirSync(to, {recursive: true});
    const size = index % 20 === 0 ? big : small;
    fs.writeFileSync(
      path.join(to, `f${index}`),
      randomBytes(Math.ceil(size * (0.5 + Math.random()))),
    );
  }
}
