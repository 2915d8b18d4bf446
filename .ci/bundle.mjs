// Makes few files of many: the command line, in which what answers "nothing to do" loads nothing of the rest, and the
// sandbox worker. Node takes about a millisecond for each file that it loads. How they are loaded is the business of
// engine/base/load-bundle.cts, which is put beside them; code-cache.mjs adds what V8 has compiled of them.
// Written to dist/engine/program, as deep as the files it is made of: they find others by their own place.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import commonjs from '@rollup/plugin-commonjs';
import nodeResolve from '@rollup/plugin-node-resolve';
import {rollup} from 'rollup';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const OUT = path.join(DIST, 'engine/program');
const WORKER = path.join(DIST, 'engine/worker');
/** What all of it begins with is one file, not ten: these with all they import. */
const BASE = ['crash', 'files', 'hash', 'host', 'result', 'sections'].map(
  (name) => `engine/base/${name}`,
);
const FIRST = [...BASE, 'engine/cli/idle', 'engine/cli/shipped'];
/** What is loaded before it is known what is to be done, to begin the worker. */
const AHEAD = ['engine/sandbox/ahead'];
/** What every build loads is one file, too: these with all they import. */
const WORK = ['cli/program', 'cli/open', 'cli/build'].map((name) => `engine/${name}`);
/** Packages that become part of it. The others are large, or seldom needed, and stay what they are. */
const PACKED = ['commander', '@dagrejs/graphlib', 'picomatch', 'xxhash-wasm'];
/** Programs of a second thread: each has to be a file of its own. */
const THREADS = ['store/hash-many', 'store/link-many', 'store/look-many', 'store/stage-many'];

/** Said of helpers that the compiler puts into its output. */
const QUIET = new Set(['THIS_IS_UNDEFINED']);

const placeOf = (name) => path.join(DIST, `${name}.js`);
const inputs = (names) =>
  Object.fromEntries(names.map((name) => [path.basename(name), placeOf(name)]));

/** The modules that these import, and those that they import in turn, without what is loaded on demand. */
function closure(ids, {getModuleInfo}) {
  const found = new Set(ids.filter((id) => getModuleInfo(id) !== null));
  for (const id of found) for (const next of getModuleInfo(id).importedIds) found.add(next);
  return found;
}

/** What Node starts, a program or a thread, has the rest loaded. */
const START = `if (typeof System === 'undefined') {
  void require('./load.cjs').load(__filename);
  return;
}`;

/** So that it is read as bytes: strings, patterns and remarks say the same in escapes, but behind a backslash. */
const ASCII = {
  name: 'ascii',
  renderChunk: (code) => {
    if (/\\[^\x00-\x7f]/.test(code))
      throw new Error('a backslash before a letter that is not ASCII');
    return {
      code: code.replace(
        /[^\x00-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
      map: null,
    };
  },
};

/** What a program or a thread needs by itself is left to it. */
function chunkOf(id, graph, names, first) {
  const isIn = (all) => closure(all.map(placeOf), graph).has(id);
  if (isIn(first)) return 'first';
  if (isIn(AHEAD) && !isIn(names)) return 'ahead';
  return isIn(WORK) && !isIn(names) ? 'work' : undefined;
}

/** The loader runs each file after those it imports. */
function checkCircles(chunks) {
  const above = [];
  const done = new Set();
  const visit = (name) => {
    if (above.includes(name))
      throw new Error(`files import each other: ${[...above, name].join(' ')}`);
    if (done.has(name)) return;
    above.push(name);
    for (const next of chunks.get(name)?.imports ?? []) visit(next);
    above.pop();
    done.add(name);
  };
  for (const name of chunks.keys()) visit(name);
}

async function bundle(folder, names, first) {
  const made = await rollup({
    input: inputs(names),
    plugins: [ASCII, nodeResolve({resolveOnly: PACKED}), commonjs({include: '**/node_modules/**'})],
    // Node's own, and what has to do with schemas.
    external: (id) => id.startsWith('node:') || id.includes('/schemas/'),
    makeAbsoluteExternalsRelative: false,
    treeshake: false,
    onLog: (level, log) => {
      if (level === 'warn' && !QUIET.has(log.code)) console.error(log.message);
    },
  });
  // Beside its place first: a program of which a part is missing would be started all the same.
  const partial = `${folder}.partial`;
  fs.rmSync(partial, {recursive: true, force: true});
  const {output} = await made.write({
    dir: partial,
    format: 'system',
    banner: START,
    // Both only make it longer.
    indent: false,
    hoistTransitiveImports: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    manualChunks: (id, graph) => chunkOf(id, graph, names, first),
    onlyExplicitManualChunks: true,
    paths: (id) => (path.isAbsolute(id) ? path.relative(folder, id) : id),
  });
  await made.close();
  checkCircles(new Map(output.map((chunk) => [chunk.fileName, chunk])));
  fs.copyFileSync(path.join(DIST, 'engine/base/load-bundle.cjs'), path.join(partial, 'load.cjs'));
  fs.writeFileSync(path.join(partial, 'package.json'), '{"type": "commonjs"}\n');
  fs.rmSync(folder, {recursive: true, force: true});
  fs.renameSync(partial, folder);
}

await bundle(OUT, ['engine/cli/entry', ...THREADS], FIRST);
await bundle(WORKER, ['engine/sandbox/worker', ...THREADS], BASE);
// Node would read all of it, to begin with the loader.
fs.renameSync(path.join(WORKER, 'worker.js'), path.join(WORKER, 'job.js'));
fs.writeFileSync(
  path.join(WORKER, 'worker.js'),
  'void require("./load.cjs").load(`${__dirname}/job.js`);\n',
);
