/** Files in rollup's `system` format and how they are loaded: order, bindings, V8's code cache. */
import fs from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type {Script} from 'node:vm';
import test from 'ava';

const LOADER = path.resolve(import.meta.dirname, '../../../engine/base/load-bundle.cjs');

interface Loader {
  load(file: string): Promise<Record<string, unknown>>;
  keep(least: number): void;
  readonly scripts: ReadonlyMap<string, Script>;
}

/** A loader that has loaded nothing, with some files to load. */
class Bundle implements Disposable {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-bundle-'));
  #loader: Loader;

  constructor(texts: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(texts)) this.write(name, text);
    this.#loader = this.again();
  }

  /** As another process finds it. */
  again(): Loader {
    const require = createRequire(import.meta.url);
    delete require.cache[LOADER];
    return (this.#loader = require(LOADER) as Loader);
  }

  write(name: string, data: string | Buffer): void {
    fs.writeFileSync(path.join(this.folder, name), data);
  }

  read(name: string): Buffer {
    return fs.readFileSync(path.join(this.folder, name));
  }

  names(): readonly string[] {
    return fs.readdirSync(this.folder).sort();
  }

  keep(least: number): void {
    this.#loader.keep(least);
  }

  load(name: string): Promise<Record<string, unknown>> {
    return this.#loader.load(path.join(this.folder, name));
  }

  script(name: string): Script {
    const script = this.#loader.scripts.get(path.join(this.folder, name));
    if (script === undefined) throw new Error(`${name} was not loaded`);
    return script;
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.folder, {recursive: true});
  }
}

/** A file that exports `value`, and says that it has run. */
const saying = (name: string, value: string): string =>
  `System.register([], (function (exports) { return {execute: (function () {
  (globalThis.ran ??= []).push('${name}');
  exports('value', ${value});
})}; }));`;

/** One that imports the value of others and exports it with a name of its own before it. */
const joining = (name: string, others: readonly string[]): string => {
  const setters = others.map((_other, at) => `function (module) { v${at} = module.value; }`);
  const all = ["'" + name + "'", ...others.map((_other, at) => `v${at}`)].join(' + ');
  return `System.register(${JSON.stringify(others)}, (function (exports) {
var ${['unused', ...others.map((_other, at) => `v${at}`)].join(', ')};
return {setters: [${setters.join(', ')}], execute: (function () {
  (globalThis.ran ??= []).push('${name}');
  exports('value', ${all});
})}; }));`;
};

/** What ran since the last time, in order. */
function ran(): readonly string[] {
  const shared = globalThis as {ran?: string[]};
  const names = shared.ran ?? [];
  shared.ran = [];
  return names;
}

test.serial('a file runs after all that it imports, each once', async (t) => {
  using bundle = new Bundle({
    'top.js': joining('top', ['./left.js', './right.js']),
    'left.js': joining('left', ['./low.js']),
    'right.js': joining('right', ['./low.js']),
    'low.js': saying('low', "'low'"),
  });
  const [{value}, again] = await Promise.all([bundle.load('top.js'), bundle.load('left.js')]);
  t.is(value, 'topleftlowrightlow');
  t.is(again['value'], 'leftlow');
  t.deepEqual(ran(), ['low', 'left', 'right', 'top']);
});

test.serial('who imports something sees what becomes of it', async (t) => {
  using bundle = new Bundle({
    'top.js': `System.register(['./count.js'], (function (exports) {
var count, add;
return {setters: [function (module) { count = module.count; add = module.add; }],
execute: (function () { add(); add(); exports({seen: count, one: 1}); })}; }));`,
    'count.js': `System.register([], (function (exports) { exports('add', add);
let count = 0; function add() { exports('count', ++count); }
return {execute: (function () {})}; }));`,
  });
  t.deepEqual({...(await bundle.load('top.js'))}, {seen: 2, one: 1});
});

test.serial("Node's own, packages, what is asked for later, and its own place", async (t) => {
  using bundle = new Bundle({
    'top.js': `System.register(['node:path', 'commander'], (function (exports, module) {
var path, join, Command;
return {setters: [function (m) { path = m.default; join = m.join; }, function (m) { Command = m.Command; }],
execute: (async function () {
  const later = await module.import('./later.js');
  const os = await module.import('node:os');
  exports({same: path.join === join, command: new Command('x').name(), later: later.value, os: os.EOL});
  exports('url', module.meta.url);
})}; }));`,
    'later.js': saying('later', "'L'"),
  });
  const url = `file://${path.join(bundle.folder, 'top.js')}`;
  const names = await bundle.load('top.js');
  t.deepEqual({...names}, {same: true, command: 'x', later: 'L', os: os.EOL, url});
  t.deepEqual(ran(), ['later']);
});

test.serial('what fails fails for everybody who needs it', async (t) => {
  using bundle = new Bundle({
    'top.js': joining('top', ['./bad.js']),
    'other.js': joining('other', ['./bad.js']),
    'bad.js': saying('bad', 'nothing.there'),
  });
  await t.throwsAsync(bundle.load('top.js'), {message: 'nothing is not defined'});
  await t.throwsAsync(bundle.load('other.js'), {message: 'nothing is not defined'});
  t.deepEqual(ran(), ['bad']);
  await t.throwsAsync(bundle.load('missing.js'), {code: 'ENOENT'});
});

test.serial('what was compiled before is not compiled again', async (t) => {
  using bundle = new Bundle({'a.js': saying('a', "'first'"), 'b.js': saying('b', "'second'")});
  await bundle.load('a.js');
  t.is(bundle.script('a.js').cachedDataRejected, undefined);
  bundle.keep(1);
  t.deepEqual(bundle.names(), ['a.js', 'a.js.bin', 'b.js']);
  bundle.again();
  t.is((await bundle.load('a.js'))['value'], 'first');
  t.false(bundle.script('a.js').cachedDataRejected);
  bundle.again();
  await bundle.load('b.js');
  bundle.keep(10_000);
  t.deepEqual(bundle.names(), ['a.js', 'a.js.bin', 'b.js']);
  ran();
});

/** What else may lie beside a file; V8 by itself would believe some of it, and end the process. */
const OTHERS: readonly (readonly [string, (cache: Buffer) => Buffer])[] = [
  ['nothing in it', () => Buffer.alloc(0)],
  ['something else', () => Buffer.from('not a cache')],
  ['a piece', (cache) => cache.subarray(0, cache.length >> 1)],
  ['one bit in the middle', (cache) => flipped(cache, cache.length >> 1)],
  ['one bit of the digest', (cache) => flipped(cache, 3)],
  ['zeros at the end', (cache) => Buffer.concat([cache.subarray(0, -200), Buffer.alloc(200)])],
];

function flipped(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

for (const [what, change] of OTHERS) {
  test.serial(`a cache with ${what} is passed over`, async (t) => {
    // V8 remembers a text that it has compiled, so each is another.
    using bundle = new Bundle({'a.js': saying('a', `'of ${what}'`)});
    await bundle.load('a.js');
    bundle.keep(1);
    bundle.write('a.js.bin', change(bundle.read('a.js.bin')));
    bundle.again();
    t.is((await bundle.load('a.js'))['value'], `of ${what}`);
    t.is(bundle.script('a.js').cachedDataRejected, undefined);
    ran();
  });
}

test.serial('another text of the same length is compiled anew', async (t) => {
  using bundle = new Bundle({'a.js': saying('a', "'one text'")});
  await bundle.load('a.js');
  bundle.keep(1);
  bundle.write('a.js', saying('a', "'two text'"));
  bundle.again();
  t.is((await bundle.load('a.js'))['value'], 'two text');
  t.is(bundle.script('a.js').cachedDataRejected, undefined);
  ran();
});
