// Makes few files of many: what the command line needs once it is more than "nothing to do", and the
// sandbox worker. Node takes about a millisecond for each file that it loads.
// Written to dist/engine/program, as deep as the files it is made of: they find others by their own place.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {rollup} from 'rollup';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const OUT = path.join(DIST, 'engine/program');
const WORKER = path.join(DIST, 'engine/worker');
/** What is loaded before it is known whether anything is to be done: tests/e2e/031-idle pins it. */
const BEFORE = [
  ...['base/crash', 'base/files', 'base/hash', 'base/host', 'base/sections', 'base/witness'],
  ...['cli/cache-place', 'cli/idle', 'cli/main', 'cli/shipped', 'ui/idle'],
].map((name) => path.join(DIST, 'engine', `${name}.js`));
/** Programs of a second thread: each has to be a file of its own. */
const THREADS = ['store/hash-many', 'store/link-many', 'store/look-many', 'store/stage-many'];

/** Said of helpers that the compiler puts into its output. */
const QUIET = new Set(['THIS_IS_UNDEFINED']);

const inputs = (names) =>
  Object.fromEntries(names.map((name) => [path.basename(name), path.join(DIST, `${name}.js`)]));

async function bundle(folder, names, outside) {
  const made = await rollup({
    input: inputs(names),
    // Packages, Node's own, and what has to do with schemas, stay what they are.
    external: (id) => /^[a-z@]/i.test(id) || id.includes('/schemas/') || outside.includes(id),
    makeAbsoluteExternalsRelative: false,
    treeshake: false,
    onLog: (level, log) => {
      if (level === 'warn' && !QUIET.has(log.code)) console.error(log.message);
    },
  });
  await made.write({
    dir: folder,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    paths: (id) => (path.isAbsolute(id) ? path.relative(folder, id) : id),
  });
  await made.close();
}

for (const folder of [OUT, WORKER]) fs.rmSync(folder, {recursive: true, force: true});
await bundle(OUT, ['engine/cli/program', ...THREADS], BEFORE);
await bundle(WORKER, ['engine/sandbox/worker', ...THREADS], []);
