/**
 * A root of many layers beside ostree, in turn: laid together and laid out by hard links the first
 * time; and after one layer has changed, what is decided again and the whole, beside `cp -al`.
 *
 * Usage: npm run bench assembly [PAIRS] [FILES] [LAYERS]
 */
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {stringify} from 'yaml';
import {MAIN} from '../support/space.ts';
import {median, ratioOf} from './parts/statistics.ts';

const [pairs = 5, count = 50_000, layers = 25] = process.argv.slice(2).map(Number);
const WORK = fileURLToPath(new URL('parts/assembly-work.js', import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-bench-'));
const at = (name: string): string => path.join(folder, name);
const names = Array.from({length: layers}, (_, n) => `l${n}`);

/** Seconds of each pair, by what was done. */
const times: Record<string, number[]> = {};

main();

function main(): void {
  try {
    fs.writeFileSync(at('recipes.config.yaml'), '{}\n');
    fs.mkdirSync(at('recipes/a'), {recursive: true});
    for (const name of names) writeLayer(name, 'first');
    recipes('build', ...names);
    fillPeer();
    const trees = names.map(treeOf);
    for (let pair = 0; pair < pairs; pair += 1) {
      const ours = (): void => runOurs(pair, trees);
      const peers = (): void => runPeers(pair);
      for (const run of pair % 2 === 0 ? [peers, ours] : [ours, peers]) run();
      runAgain(pair);
      console.error(`pair ${pair + 1}: ${JSON.stringify(lastOf(pair))}`);
    }
    report();
  } finally {
    fs.rmSync(folder, {recursive: true, force: true});
  }
}

// --- what is done ----------------------------------------------------------------------------------

function runOurs(pair: number, trees: readonly string[]): void {
  const out = at(`ours-${pair}`);
  const node = (...words: string[]): unknown => execFileSync(process.execPath, words);
  timed('merge and links', () => node(WORK, at('.recipes'), out, ...trees));
  // By the command line, from layers to a system that is current.
  writeRoot(`first ${pair}`);
  forget();
  timed('root switch', () => recipes('root', 'switch', `first-${pair}`, 'all'));
}

function runPeers(pair: number): void {
  timed('ostree, a command for each', () => {
    for (const name of names) ostree('checkout', '-H', '--union', name, at(`peers-${pair}`));
  });
  timed('ostree, one command', () => {
    ostree('checkout', '-H', '--union', `--from-file=${at('list')}`, at(`peer-${pair}`));
  });
}

/** The first time and after a change: what is decided by trace, then the whole. */
function runAgain(pair: number): void {
  writeRoot(`again ${pair}`);
  forget();
  note('decided first', decided());
  change(pair, 'one');
  note('decided again', decided());
  recipes('root', 'switch', `again-${pair}`, 'all');
  change(pair, 'two');
  timed('switch again', () => recipes('root', 'switch', `again-${pair}`, 'all'));
  timed('cp -al', () => execFileSync('cp', ['-al', at(`ours-${pair}`), at(`copy-${pair}`)]));
}

/** Another content of all files of one package, which is built. */
function change(pair: number, what: string): void {
  writeLayer('l1', `${what} ${pair}`);
  // What was saved less than two seconds ago is read again by the next command too.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
  recipes('build', 'l1');
}

/** Seconds from the plan to the root's manifest in the store. */
function decided(): number {
  settle();
  recipes('build', 'all', '--trace', at('trace.json'));
  const text = fs.readFileSync(at('trace.json'), 'utf8');
  const {traceEvents} = JSON.parse(text) as {traceEvents: {name: string; dur?: number}[]};
  const phases = traceEvents.filter(({name}) => ['plan', 'lay layers'].includes(name));
  return phases.reduce((sum, {dur = 0}) => sum + dur, 0) / 1e6;
}

/** What roots were laid together from: the next one is laid together from the start. */
function forget(): void {
  const aux = at('.recipes/aux');
  const memories = fs.readdirSync(aux).filter((name) => name.startsWith('root-'));
  for (const name of memories) fs.rmSync(path.join(aux, name));
}

function timed(name: string, work: () => void): void {
  settle();
  const began = performance.now();
  work();
  note(name, (performance.now() - began) / 1000);
}

function note(name: string, seconds: number): void {
  (times[name] ??= []).push(seconds);
}

/** Nothing left to be written, and the pool's inodes in memory. */
function settle(): void {
  execFileSync('sync', ['-f', folder]);
  spawnSync('find', [at('.recipes/files'), at('repo/objects'), '-newermt', '2100-01-01']);
}

// --- the ground ------------------------------------------------------------------------------------

function recipes(...words: string[]): string {
  return execFileSync(process.execPath, [MAIN, '-C', folder, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {...process.env, XDG_CACHE_HOME: at('cache')},
  });
}

function ostree(...words: string[]): void {
  execFileSync('ostree', [`--repo=${at('repo')}`, ...words], {stdio: 'ignore'});
}

function treeOf(name: string): string {
  return (JSON.parse(recipes('show', name, '--json')) as {readonly tree: string}).tree;
}

/** The same layers, from copies of ours. */
function fillPeer(): void {
  ostree('init', `--mode=${process.getuid?.() === 0 ? 'bare' : 'bare-user-only'}`);
  for (const name of names) {
    recipes('checkout', '--copy', name, at(`layer-${name}`));
    ostree('commit', '-b', name, `--tree=dir=${at(`layer-${name}`)}`);
    fs.rmSync(at(`layer-${name}`), {recursive: true});
  }
  fs.writeFileSync(at('list'), names.map((name) => `${name}\0/\0`).join(''));
}

/** Programs and libraries in common folders, headers, manuals and data in folders of their own. */
function writeLayer(name: string, edition: string): void {
  const each = Math.floor(count / layers);
  const install = `cd "$DESTDIR"
mkdir -p usr/{bin,lib} usr/include/${name} usr/share/man/man{0..7} usr/share/${name}/d{0..12}
awk -v edition='${edition}' 'BEGIN { for (i = 0; i < ${each}; i++) {
  m = i % 10
  d = m == 0 ? "usr/bin" : m < 3 ? "usr/lib" : m < 5 ? "usr/include/${name}" : \\
    m < 9 ? "usr/share/${name}/d" i % 13 : "usr/share/man/man" i % 8
  f = d "/${name}-f" i
  for (k = 0; k <= i * 7919 % 60; k++) print "file", i, "of ${name}, line", k, edition > f
  close(f) } }'
`;
  const builds = {main: {in: 'host', uses: 'script', steps: {install}}};
  write(name, {builds});
}

function writeRoot(text: string): void {
  const files = {'/etc/hostname': {text: `${text}\n`}};
  write('all', {root: {layers: names, folders: {'/dev': {}}, files}});
}

function write(name: string, more: object): void {
  const recipe = {package: name, version: '1', summary: `What ${name} is`, ...more};
  fs.writeFileSync(at(`recipes/a/${name}.yaml`), stringify(recipe, {lineWidth: 0}));
}

// --- the figures -----------------------------------------------------------------------------------

function lastOf(pair: number): Record<string, string> {
  const rows = Object.entries(times).map(([name, list]) => [name, (list[pair] ?? 0).toFixed(2)]);
  return Object.fromEntries(rows) as Record<string, string>;
}

function report(): void {
  console.log(`| ${count} files, ${layers} layers | s | beside | s | ratio |`);
  console.log('| --- | --- | --- | --- | --- |');
  row('merge and links', 'ostree, a command for each');
  row('merge and links', 'ostree, one command');
  row('root switch', 'ostree, a command for each');
  row('root switch', 'ostree, one command');
  row('decided again', 'decided first');
  row('switch again', 'cp -al');
}

/** The ratio is the median of those of the pairs. */
function row(ours: string, theirs: string): void {
  const [a, b] = [times[ours] ?? [], times[theirs] ?? []];
  const [mine, other, ratio] = [median(a), median(b), ratioOf(b, a)].map((one) => one.toFixed(2));
  console.log(`| ${ours} | ${mine ?? ''} | ${theirs} | ${other ?? ''} | ${ratio ?? ''} |`);
}
