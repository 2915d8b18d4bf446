/** The short way to "nothing to do" (engine/cli/idle.ts): what it loads. */
import fs from 'node:fs';
import test from 'ava';
import {recipes} from '../support/recipes.ts';
import {Space, type Ran} from '../support/space.ts';

/** Tells on standard error each module that is loaded. */
const HOOK = `export async function load(url, context, next) {
  process._rawDebug('load ' + url);
  return next(url, context);
}`;
const data = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
/** Scripts are read, not loaded: Node's own and ours by the same call. */
const READ = `const read = fs.readFileSync;
fs.readFileSync = (file, ...rest) => {
  if (/\\.c?js$/.test(String(file))) process._rawDebug('load ' + file);
  return read(file, ...rest);
};`;
const IMPORT = data(
  `import fs from 'node:fs'; import {register} from 'node:module';
${READ}
register(${JSON.stringify(data(HOOK))});`,
);
const WATCHED = {NODE_OPTIONS: `--import ${IMPORT}`};

interface Seen {
  readonly ran: Ran;
  /** Modules in the order loaded: `engine/…` of ours, `name` of packages. */
  readonly modules: readonly string[];
  /** What was said besides. */
  readonly said: string;
}

async function watched(space: Space): Promise<Seen> {
  const ran = await space.run(['build'], {env: WATCHED});
  const lines = ran.stderr.split('\n');
  const isLoad = (line: string): boolean => line.startsWith('load ');
  const modules = lines.filter(isLoad).flatMap((line) => {
    const [, name] = /^load .*\/(?:dist|node_modules)\/(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [name];
  });
  return {ran, modules, said: lines.filter((line) => !isLoad(line)).join('\n')};
}

const isProgram = (name: string): boolean =>
  /^engine\/(program\/work|cli\/program)\.js$/.test(name);
const tookShortWay = ({modules}: Seen): boolean => !modules.some(isProgram);

/** Builds until the short way is open: what has just changed is not relied upon. */
async function settled(space: Space): Promise<Seen> {
  await space.expect(0, ['build']);
  for (let tries = 0; tries < 60; tries += 1) {
    const seen = await watched(space);
    if (seen.ran.status !== 0) throw new Error(space.report());
    if (tookShortWay(seen)) return seen;
  }
  throw new Error(`never the short way\n${space.report()}`);
}

test('the short way loads these files and no package', async (t) => {
  await using space = Space.create(recipes({'t/a': {}, 't/b': {needs: ['a']}, 't/c': {}}));
  const {ran, modules, said} = await settled(space);
  t.is(ran.stdout, '');
  t.regex(said, /^3 fresh, nothing to do \(\d+\.\d\d s\)\n$/);
  t.deepEqual([...new Set(modules)].sort(), [
    'engine/cli/main.cjs',
    'engine/program/entry.js',
    'engine/program/first.js',
    'engine/program/load.cjs',
  ]);
});

/** In the order they are loaded: what begins the worker, then the program. */
const loadsOf = ({modules}: Seen): readonly string[] =>
  modules.filter((name) => isProgram(name) || name === 'engine/program/ahead.js');

test('after a change the worker is begun before the program is loaded', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  await settled(space);
  space.edit('recipes/t/a.yaml', 'mkdir', 'true; mkdir');
  const seen = await watched(space);
  t.is(seen.ran.status, 0, space.report());
  t.regex(seen.said, /1 built/);
  t.deepEqual(loadsOf(seen), ['engine/program/ahead.js', 'engine/program/work.js']);
});

test('what was begun for a change that is none leaves nothing, and the short way is open again', async (t) => {
  await using space = Space.create(recipes({'t/a': {}, 't/b': {needs: ['a']}}));
  await settled(space);
  const file = space.at('recipes/t/a.yaml');
  // Long enough ago to be relied upon.
  const then = new Date(Date.now() - 60_000);
  fs.utimesSync(file, then, then);
  const touched = await watched(space);
  t.is(touched.ran.status, 0, space.report());
  t.regex(touched.said, /^2 fresh, nothing to do/);
  t.deepEqual(loadsOf(touched), ['engine/program/ahead.js', 'engine/program/work.js']);
  for (const folder of ['runs', 'tmp', 'claims', 'scratch']) {
    t.deepEqual(fs.readdirSync(space.at(`.recipes/${folder}`)), [], folder);
  }
  t.true(tookShortWay(await settled(space)));
});

test('a worker that was begun for nothing holds nothing up', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  await settled(space);
  space.write('recipes/t/b.yaml', 'package: [\n');
  await space.expect(3, ['build']);
  fs.unlinkSync(space.at('recipes/t/b.yaml'));
  // The store that was begun for is another one by now.
  space.write('recipes.config.yaml', 'store: {path: ./other}\n');
  const elsewhere = await space.run(['build']);
  t.is(elsewhere.status, 0, space.report());
  t.regex(elsewhere.stderr, /1 built/);
  t.true(fs.existsSync(space.at('other')));
});
