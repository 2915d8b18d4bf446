// Has a small project built by the bundled program, and keeps beside it what V8 compiled of it and of the worker on
// the way: engine/base/load-bundle.cts. Where no sandbox can be made that is less, and with another Node than this
// one it is of no use; both cost time only. All of it is done with a copy. Last it says what the worker's code is:
// engine/sandbox/own-code.ts.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const TOP = fileURLToPath(new URL('../', import.meta.url));
const BUNDLES = ['program', 'worker'];
/** What has been looked at is relied upon when it is as old as this, milliseconds. */
const SETTLED = 2200;
/** Smaller files are compiled as soon as a cache of them is read. */
const LARGE = 20_000;
/** A build that hangs shall not hold up this one, milliseconds. */
const PATIENCE = 60_000;

/** Run before what is kept: at its end all that was compiled is written beside the files. */
const keeping = (loader) =>
  `process.on('exit', () => require(${JSON.stringify(loader)}).keep(${LARGE}));\n`;

const KIND = `kind: take
summary: One file
tools: [head]
steps: any
`;

function recipe(name, needs) {
  return `package: ${name}
version: '1'
summary: Built to see what is compiled
sources: [{path: ../../${name}.txt, unpack: false}]
builds:
  main:
    in: host
    uses: take
    needs: [${needs.map((need) => `{build: ${need}, for: build}`).join(', ')}]
    steps:
      take: head -qc 1 ../${name}.txt > "$DESTDIR/${name}"
`;
}

function write(folder, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(file, text);
  }
}

/** A copy of the program that keeps what is compiled of it. */
function copyProgram(to) {
  const engine = path.join(to, 'dist/engine');
  for (const name of [...BUNDLES, 'cli/main.cjs']) {
    fs.cpSync(path.join(TOP, 'dist/engine', name), path.join(engine, name), {recursive: true});
  }
  for (const name of ['dist/schemas', 'recipes', 'schemas', 'node_modules', 'package.json']) {
    fs.symlinkSync(path.join(TOP, name), path.join(to, name));
  }
  const start = path.join(engine, 'worker/worker.js');
  fs.writeFileSync(start, keeping('./load.cjs') + fs.readFileSync(start, 'utf8'));
  fs.writeFileSync(path.join(to, 'keep.cjs'), keeping(path.join(engine, 'program/load.cjs')));
  return engine;
}

function build(engine, project) {
  const top = path.resolve(engine, '../..');
  const env = {PATH: process.env.PATH, HOME: project, XDG_CACHE_HOME: path.join(project, 'cache')};
  const main = path.join(engine, 'cli/main.cjs');
  const argv = ['--require', path.join(top, 'keep.cjs'), main, 'build', '-j2'];
  spawnSync(process.execPath, argv, {cwd: project, env, timeout: PATIENCE, stdio: 'ignore'});
  // As root the worker is another user, and runs a copy of its code in the store.
  const copies = path.join(project, '.recipes/engine');
  if (!fs.existsSync(copies)) return;
  for (const name of fs.readdirSync(copies, {recursive: true}))
    if (name.endsWith('.bin')) {
      fs.copyFileSync(path.join(copies, name), path.join(engine, 'worker', path.basename(name)));
    }
  fs.rmSync(copies, {recursive: true});
}

/** All, then what an edit asks for, then nothing: each adds to what is kept. */
async function buildAll(engine, project) {
  write(project, {
    'recipes.config.yaml': 'aliases: {}\n',
    'recipes/kinds/take.yaml': KIND,
    'recipes/t/a.yaml': recipe('a', []),
    'recipes/t/b.yaml': recipe('b', ['a']),
    'a.txt': 'ab',
    'b.txt': 'ab',
  });
  build(engine, project);
  await setTimeout(SETTLED);
  build(engine, project);
  build(engine, project);
  for (const text of ['ac', 'bc']) {
    fs.writeFileSync(path.join(project, 'a.txt'), text);
    build(engine, project);
  }
}

/** Beside the files they are of, each at once. */
function takeOver(engine) {
  for (const bundle of BUNDLES) {
    const [from, to] = [path.join(engine, bundle), path.join(TOP, 'dist/engine', bundle)];
    for (const name of fs.readdirSync(from).filter((one) => one.endsWith('.bin'))) {
      fs.copyFileSync(path.join(from, name), path.join(to, `${name}.new`));
      fs.renameSync(path.join(to, `${name}.new`), path.join(to, name));
    }
  }
}

function sayWhatItIs() {
  const folder = path.join(TOP, 'dist/engine/worker');
  const digest = createHash('sha256');
  for (const name of fs.readdirSync(folder).sort()) {
    const bytes = fs.readFileSync(path.join(folder, name));
    digest.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  fs.writeFileSync(path.join(folder, 'print'), digest.digest('hex').slice(0, 16));
}

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-code-'));
try {
  const engine = copyProgram(path.join(place, 'program'));
  await buildAll(engine, path.join(place, 'project'));
  takeOver(engine);
} finally {
  // What cannot be removed is no reason to fail.
  spawnSync('rm', ['-rf', place], {stdio: 'ignore'});
}
sayWhatItIs();
