// Has a small project built by the bundled program, and keeps beside it what V8 compiled of it and of the worker on
// the way: engine/base/load-bundle.cts. Where no sandbox can be made that is less, and with another Node than this
// one it is of no use; both cost time only.
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const ENGINE = fileURLToPath(new URL('../dist/engine/', import.meta.url));
const PROGRAM = path.join(ENGINE, 'program');
const WORKER = path.join(ENGINE, 'worker');
/** What has been looked at is relied upon when it is as old as this, milliseconds. */
const SETTLED = 2200;
/** Smaller files are compiled as soon as a cache of them is read. */
const LARGE = 20_000;

/** Run before what is kept: at its end all that was compiled is written beside the files. */
const keeping = (loader) => `const fs = require('node:fs');
const {scripts} = require(${JSON.stringify(loader)});
process.on('exit', () => {
  for (const [file, script] of scripts)
    if (fs.statSync(file).size > ${LARGE}) fs.writeFileSync(file + '.bin', script.createCachedData());
});
`;

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

/** The files with this ending below a folder. */
function below(folder, ending) {
  return fs
    .readdirSync(folder, {recursive: true})
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name));
}

function build(project) {
  const env = {PATH: process.env.PATH, HOME: project, XDG_CACHE_HOME: path.join(project, 'cache')};
  const main = path.join(ENGINE, 'cli/main.cjs');
  spawnSync(process.execPath, ['--require', './keep.cjs', main, 'build', '-j2'], {
    cwd: project,
    env,
  });
  // As root the worker is another user, and runs a copy of its code in the store.
  const copies = path.join(project, '.recipes/engine');
  if (!fs.existsSync(copies)) return;
  for (const file of below(copies, '.bin'))
    fs.copyFileSync(file, path.join(WORKER, path.basename(file)));
  fs.rmSync(copies, {recursive: true});
}

const project = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-code-'));
const start = path.join(WORKER, 'worker.js');
const usual = fs.readFileSync(start, 'utf8');
try {
  write(project, {
    'recipes.config.yaml': 'aliases: {}\n',
    'recipes/kinds/take.yaml': KIND,
    'recipes/t/a.yaml': recipe('a', []),
    'recipes/t/b.yaml': recipe('b', ['a']),
    'a.txt': 'ab',
    'b.txt': 'ab',
    'keep.cjs': keeping(path.join(PROGRAM, 'load.cjs')),
  });
  fs.writeFileSync(start, keeping('./load.cjs') + usual);
  // All, then what an edit asks for, then nothing: each adds to what is kept.
  build(project);
  await setTimeout(SETTLED);
  build(project);
  build(project);
  for (const text of ['ac', 'bc']) {
    fs.writeFileSync(path.join(project, 'a.txt'), text);
    build(project);
  }
} finally {
  fs.writeFileSync(start, usual);
  fs.rmSync(project, {recursive: true, force: true});
}
