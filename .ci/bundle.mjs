// Makes few files of many: the command line, in which what answers "nothing to do" loads nothing of the rest, and the
// sandbox worker. Node takes about a millisecond for each file that it loads.
// Written to dist/engine/program, as deep as the files it is made of: they find others by their own place.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {rollup} from 'rollup';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const OUT = path.join(DIST, 'engine/program');
const WORKER = path.join(DIST, 'engine/worker');
/** Loaded whatever is asked for. */
const FIRST = new Set(
  ['crash', 'files', 'hash', 'host', 'result', 'sections'].map((name) => `engine/base/${name}.js`),
);
/** Programs of a second thread: each has to be a file of its own. */
const THREADS = ['store/hash-many', 'store/link-many', 'store/look-many', 'store/stage-many'];

/** Said of helpers that the compiler puts into its output. */
const QUIET = new Set(['THIS_IS_UNDEFINED']);

const inputs = (names) =>
  Object.fromEntries(names.map((name) => [path.basename(name), path.join(DIST, `${name}.js`)]));

async function bundle(folder, names) {
  const made = await rollup({
    input: inputs(names),
    // Packages, Node's own, and what has to do with schemas, stay what they are.
    external: (id) => /^[a-z@]/i.test(id) || id.includes('/schemas/'),
    makeAbsoluteExternalsRelative: false,
    treeshake: false,
    onLog: (level, log) => {
      if (level === 'warn' && !QUIET.has(log.code)) console.error(log.message);
    },
  });
  // Beside its place first: a program of which a part is missing would be started all the same.
  const partial = `${folder}.partial`;
  fs.rmSync(partial, {recursive: true, force: true});
  await made.write({
    dir: partial,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // What all of it begins with is one file, not five.
    manualChunks: (id) => (FIRST.has(path.relative(DIST, id)) ? 'first' : undefined),
    paths: (id) => (path.isAbsolute(id) ? path.relative(folder, id) : id),
  });
  await made.close();
  fs.rmSync(folder, {recursive: true, force: true});
  fs.renameSync(partial, folder);
}

await bundle(OUT, ['engine/cli/entry', ...THREADS]);
await bundle(WORKER, ['engine/sandbox/worker', ...THREADS]);
