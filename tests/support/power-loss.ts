/**
 * A process that publishes or switches is stopped at one of its numbered calls, and the power is
 * cut: then whatever has a final name in the store must be whole, the pointer must lead to the old
 * generation or to the new one, and the same command must succeed. On real file systems
 * (power-disk.ts), with the calls the engine makes (power-writer.ts).
 *
 * Each point is cut twice: at once, and right after another process has made the journal durable,
 * which is when names get ahead of contents.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {treeDigest} from '../../engine/base/hash.ts';
import {treeIn, workerStore} from '../../store/layout.ts';
import {parseManifest} from '../../store/manifest.ts';
import {contentAt, PROFILE} from './power-content.ts';
import type {Disk} from './power-disk.ts';
import {namesBelow, objectsOf, rowTroubles, sha256Of, troublesOf} from './store-check.ts';

const WRITER = fileURLToPath(new URL('power-writer.js', import.meta.url));

export interface PowerCase {
  readonly name: string;
  /** Files of the artifact. */
  readonly files: number;
  readonly how: 'publish' | 'import' | 'link' | 'copy';
}

export const CASES: readonly PowerCase[] = [
  {name: 'publish one file', files: 1, how: 'publish'},
  {name: 'publish 5,000 files', files: 5000, how: 'publish'},
  {name: 'import 5,000 files', files: 5000, how: 'import'},
  {name: 'switch to one file', files: 1, how: 'link'},
  {name: 'switch to 5,000 files', files: 5000, how: 'link'},
  {name: 'switch to copies of 500 files', files: 500, how: 'copy'},
];

export interface CutReport {
  readonly name: string;
  /** Numbered calls of the command. */
  readonly calls: number;
  /** Calls it was stopped before; the last is none: it was done. */
  readonly points: readonly number[];
  readonly cuts: number;
  /** How often the new record or pointer was there after a cut. */
  readonly seen: {readonly old: number; readonly new: number};
  readonly troubles: readonly string[];
}

/** Cuts the power at some points of a case; `scratch`: a folder that is not on the disk. */
export function cutCase(disk: Disk, one: PowerCase, scratch: string, most: number): CutReport {
  const trial = new Trial(disk, one, scratch);
  const calls = trial.undisturbed();
  const points = pointsOf(calls, most);
  const troubles: string[] = [];
  const seen = {old: 0, new: 0};
  for (const point of points) {
    for (const journal of [false, true]) {
      const found = trial.cutAt(point, journal, point > calls);
      seen[found.isNew ? 'new' : 'old'] += 1;
      const where = `${disk.kind}, ${one.name}, before call ${String(point)} of ${String(calls)}`;
      const when = journal ? ', journal durable' : '';
      troubles.push(...found.troubles.slice(0, 5).map((text) => `${where}${when}: ${text}`));
    }
  }
  return {name: one.name, calls, points, cuts: points.length * 2, seen, troubles};
}

/** Half of them spread over all calls, half close to the end, where names and pointers are made. */
export function pointsOf(calls: number, most: number): number[] {
  const all = Array.from({length: calls + 1}, (_, n) => n + 1);
  if (all.length <= most) return all;
  const late = all.slice(-Math.ceil(most / 2));
  const early = all.slice(0, -late.length);
  const step = early.length / Math.floor(most / 2);
  const spread = late.slice(Math.ceil(most / 2) - Math.floor(most / 2));
  return [...spread.map((_, n) => early[Math.floor((n + 0.5) * step)] ?? 1), ...late];
}

/** One case on one disk; each cut works in a new folder, so that one disk does for all. */
class Trial {
  readonly #disk: Disk;
  readonly #case: PowerCase;
  readonly #scratch: string;
  #tree = '';
  #round = 0;

  constructor(disk: Disk, one: PowerCase, scratch: string) {
    this.#disk = disk;
    this.#case = one;
    this.#scratch = scratch;
    const source = this.#source;
    if (one.how !== 'import' || fs.existsSync(source)) return;
    fs.mkdirSync(source);
    for (let n = 0; n < one.files; n += 1) {
      fs.writeFileSync(path.join(source, `f${String(n).padStart(5, '0')}`), contentAt(n));
    }
  }

  /** How many calls the command makes when nobody stops it. */
  undisturbed(): number {
    this.#begin();
    const {tree, calls} = this.#succeed();
    this.#tree = tree;
    this.#end();
    return calls;
  }

  cutAt(point: number, journal: boolean, done: boolean): {isNew: boolean; troubles: string[]} {
    this.#begin();
    const ran = this.#run(done ? '0' : String(point));
    const troubles = [];
    if (done ? ran.status !== 0 : ran.signal !== 'SIGKILL') {
      troubles.push(`it was not stopped there: ${ran.stdout}${ran.stderr}`);
    }
    this.#disk.cut(journal);
    troubles.push(...this.#look());
    const isNew = this.#isNew();
    if (done && !isNew) troubles.push('what it has said is done is lost');
    const again = this.#run('0');
    if (again.status !== 0) troubles.push(`the same command fails: ${again.stderr}`);
    else if (!this.#isNew()) troubles.push('the same command comes to something else');
    troubles.push(...this.#look().map((text) => `after the same command: ${text}`));
    const aside = fs.readdirSync(path.join(this.#store, 'quarantine'));
    troubles.push(...aside.map((name) => `taken for damaged: ${name}`));
    this.#end();
    return {isNew, troubles};
  }

  /** What is there before the command, all durable. */
  #begin(): void {
    this.#round += 1;
    if (this.#isSwitch) {
      if (!fs.existsSync(this.#base)) this.#makeBase();
      spawnSync('cp', ['-a', '--', this.#base, this.#home]);
    } else fs.mkdirSync(this.#home);
    this.#disk.sync();
  }

  /** A profile with one generation, and the artifact of the next. */
  #makeBase(): void {
    const [store, profile] = [path.join(this.#base, 'store'), path.join(this.#base, 'sys')];
    fs.mkdirSync(this.#base);
    const first = this.#write(['publish', store, '2'], '0');
    this.#write(['switch', store, profile, treeOf(first.stdout), 'link'], '0');
    const second = this.#write(['publish', store, String(this.#case.files)], '0');
    this.#tree = treeOf(second.stdout);
  }

  #end(): void {
    fs.rmSync(this.#home, {recursive: true, force: true});
  }

  #succeed(): {tree: string; calls: number} {
    const ran = this.#run('0');
    if (ran.status !== 0) throw new Error(`${this.#case.name}: ${ran.stderr}`);
    return JSON.parse(ran.stdout) as {tree: string; calls: number};
  }

  #run(crashAt: string): Written {
    const {how, files} = this.#case;
    if (how === 'publish') return this.#write(['publish', this.#store, String(files)], crashAt);
    if (how === 'import') return this.#write(['import', this.#store, this.#source], crashAt);
    return this.#write(['switch', this.#store, this.#profile, this.#tree, how], crashAt);
  }

  #write(words: readonly string[], crashAt: string): Written {
    const env = {...process.env, RECIPES_CRASH_AT: crashAt, NODE_V8_COVERAGE: ''};
    const {status, signal, stdout, stderr} = spawnSync(process.execPath, [WRITER, ...words], {
      env,
      encoding: 'utf8',
    });
    return {status, signal, stdout, stderr};
  }

  #look(): string[] {
    const objects = [...troublesOf(this.#store), ...rowTroubles(this.#store)];
    return this.#isSwitch ? [...objects, ...this.#generationTroubles()] : objects;
  }

  /** Whether the record is there, or the pointer leads to the second generation. */
  #isNew(): boolean {
    if (this.#isSwitch) return fs.readlinkSync(path.join(this.#profile, 'current')) === '2';
    return objectsOf(this.#store, 'records').length > 0;
  }

  #generationTroubles(): string[] {
    const current = fs.readlinkSync(path.join(this.#profile, 'current'));
    const numbers = fs.readdirSync(this.#profile).filter((name) => /^\d+$/.test(name));
    const troubles = numbers.includes(current) ? [] : [`current leads to ${current}`];
    for (const number of numbers) {
      const folder = path.join(this.#profile, number);
      const root = path.join(this.#store, 'roots/generations', PROFILE, number);
      if (!fs.existsSync(root)) troubles.push(`generation ${number} has no root`);
      const wanted = number === '1' ? undefined : this.#contents();
      const found = namesBelow(folder).map((name) => [name, sha256Of(path.join(folder, name))]);
      const whole =
        wanted === undefined
          ? found.length === 2
          : JSON.stringify(found) === JSON.stringify(wanted);
      if (!whole) troubles.push(`generation ${number} is not whole`);
    }
    return troubles;
  }

  /** What the new generation has to have. */
  #contents(): string[][] {
    const file = treeIn(workerStore(this.#store), treeDigest(this.#tree));
    const entries = parseManifest(fs.readFileSync(file, 'latin1'));
    if (!entries.ok) throw new Error(entries.error);
    return entries.value.flatMap((one) => (one.type === 'file' ? [[one.path, one.digest]] : []));
  }

  get #isSwitch(): boolean {
    return this.#case.how === 'link' || this.#case.how === 'copy';
  }

  get #base(): string {
    return path.join(this.#disk.at, this.#case.name.replaceAll(' ', '-'));
  }

  get #home(): string {
    return path.join(this.#disk.at, `round-${String(this.#round)}`);
  }

  get #store(): string {
    return path.join(this.#home, 'store');
  }

  get #profile(): string {
    return path.join(this.#home, 'sys');
  }

  get #source(): string {
    return path.join(this.#scratch, 'source');
  }
}

interface Written {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function treeOf(stdout: string): string {
  return (JSON.parse(stdout) as {readonly tree: string}).tree;
}

/**
 * What the same look finds where files get their names before their contents are durable, only
 * the folders synced: without troubles here, none elsewhere would prove nothing.
 */
export function cutBadly(disk: Disk): string[] {
  const home = path.join(disk.at, 'badly');
  const store = path.join(home, 'store');
  fs.mkdirSync(path.join(store, 'files'), {recursive: true});
  fs.mkdirSync(path.join(store, 'tmp'));
  fs.writeFileSync(path.join(store, 'VERSION'), 'recipes store 1\n');
  disk.sync();
  for (let n = 0; n < 20; n += 1) publishBadly(store, contentAt(n));
  disk.cut(true);
  const troubles = troublesOf(store);
  fs.rmSync(home, {recursive: true});
  return troubles;
}

function publishBadly(store: string, content: string): void {
  const temporary = path.join(store, 'tmp/x');
  fs.writeFileSync(temporary, content);
  fs.utimesSync(temporary, 1, 1);
  const digest = sha256Of(temporary);
  const folder = path.join(store, 'files', digest.slice(0, 2));
  fs.mkdirSync(folder, {recursive: true});
  fs.renameSync(temporary, path.join(folder, `${digest.slice(2)}.644`));
  const fd = fs.openSync(folder, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
