/** Everything that must end the short way to "nothing to do", and what must not open it. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {realHost, type Host} from '../../../engine/base/host.ts';
import {build} from '../../../engine/cli/build.ts';
import type {Call} from '../../../engine/cli/commands.ts';
import {answerIdle, idlePlace} from '../../../engine/cli/idle.ts';
import {makeWorld} from '../../../engine/cli/world.ts';
import {recipe, recipes} from '../../support/recipes.ts';
import {Space} from '../../support/space.ts';

const FILES = {
  ...recipes({
    't/a': {recipe: {sources: [{path: '../../src'}], patches: [{file: 'a/fix.patch'}]}},
    't/b': {needs: ['a']},
    't/c': {recipe: {sources: [{path: '../../linked.txt'}]}},
  }),
  'recipes/t/a/fix.patch': '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-old\n+new\n',
  'src/f': 'old\n',
  'src/sub/g': 'g\n',
  'src/empty/.keep': '',
  'one.txt': 'one\n',
  'two.txt': 'two\n',
};

const ARGV = ['build'];

/** A command that takes itself to be new, and it to be ten seconds later: what is there is old. */
function hostOf(space: Space, said: string[]): Host {
  const stderr = {isTerminal: false, columns: 80, write: (text: string) => void said.push(text)};
  const env = {XDG_CACHE_HOME: space.at('.cache'), HOME: space.at('home')};
  const later = (): number => Date.now() + 10_000;
  return {...realHost(), cwd: space.root, env, stderr, stdout: stderr, now: later, tick: () => 50};
}

const CALL: Call = {
  command: 'build',
  words: [],
  options: {tests: 'none', onError: 'finish', wait: true},
  globals: {directory: '.', color: 'never', progress: 'auto'},
};

/** One build in this process; what it said. */
async function buildHere(space: Space, change: Partial<Call> = {}): Promise<string> {
  const said: string[] = [];
  const host = hostOf(space, said);
  const world = makeWorld(host, {...CALL, ...change}, () => undefined, {
    memo: idlePlace(host, ARGV),
    main: 0,
  });
  const built = await build(world);
  if (!built.ok || built.value !== 0) throw new Error(JSON.stringify([built, said]));
  return said.join('');
}

const nothing = (): Promise<void> => Promise.resolve();

/** What the short way says; undefined where it is not open. */
async function shortWay(space: Space): Promise<string | undefined> {
  const said: string[] = [];
  const host = hostOf(space, said);
  const place = idlePlace(host, ARGV);
  const answer = place && (await answerIdle(host, place, nothing));
  return answer === 'answered' ? said.join('') : undefined;
}

function storeFile(space: Space, kind: string): string {
  const folder = space.at(`.recipes/${kind}`);
  const first = fs.readdirSync(folder).find((name) => name.length === 2) ?? '';
  const inner = path.join(folder, first);
  return path.join(inner, fs.readdirSync(inner)[0] ?? '');
}

function sameSize(space: Space, name: string, text: string): void {
  const {atime, mtime} = fs.statSync(space.at(name));
  space.write(name, text);
  fs.utimesSync(space.at(name), atime, mtime);
}

/** What is changed between two builds. */
const CHANGES: Readonly<Record<string, (space: Space) => void>> = {
  'a recipe': (space) => {
    space.edit('recipes/t/b.yaml', 'mkdir', 'true; mkdir');
  },
  'a recipe, in its comments only': (space) => {
    space.write('recipes/t/b.yaml', `# hm\n${space.read('recipes/t/b.yaml')}`);
  },
  'a new recipe': (space) => {
    space.write('recipes/t/d.yaml', recipe('t/d'));
  },
  'a recipe that goes': (space) => {
    fs.unlinkSync(space.at('recipes/t/d.yaml'));
  },
  'a new collection': (space) => {
    space.write('recipes/u/d.yaml', recipe('u/d'));
  },
  'a kind of the project in place of the one that comes along': (space) => {
    space.write('recipes/kinds/other.yaml', 'kind: other\nsummary: Other\nsteps: {a: "true"}\n');
  },
  'the configuration': (space) => {
    space.write('recipes.config.yaml', `${space.read('recipes.config.yaml')}\njobs: 1\n`);
  },
  'the configuration of the user, which was not there': (space) => {
    space.write('home/.config/recipes/config.yaml', 'jobs: 1\n');
  },
  'a file of a source': (space) => {
    space.write('src/sub/g', 'other\n');
  },
  'a file of a source, with the size and the time it had': (space) => {
    sameSize(space, 'src/sub/g', 'oTher\n');
  },
  'a new file in a folder of a source': (space) => {
    space.write('src/empty/new', 'new\n');
  },
  'the execute bit of a file of a source': (space) => {
    fs.chmodSync(space.at('src/sub/g'), 0o755);
  },
  'a file that is a source, behind a link': (space) => {
    space.write('one.txt', 'changed\n');
  },
  'the link to a file that is a source': (space) => {
    fs.unlinkSync(space.at('linked.txt'));
    fs.symlinkSync('two.txt', space.at('linked.txt'));
  },
  'a patch': (space) => {
    space.edit('recipes/t/a/fix.patch', '+new', '+newer');
  },
  'a record that has gone': (space) => {
    fs.unlinkSync(storeFile(space, 'records'));
  },
  'a tree that has gone': (space) => {
    fs.unlinkSync(storeFile(space, 'trees'));
  },
  'all trees that have gone': (space) => {
    fs.rmSync(space.at('.recipes/trees'), {recursive: true});
    fs.mkdirSync(space.at('.recipes/trees'));
  },
  'the log of actions': (space) => {
    fs.unlinkSync(space.at('.recipes/actions.log'));
  },
  'the root that keeps it all': (space) => {
    fs.rmSync(space.at('.recipes/roots/projects'), {recursive: true});
  },
  'a run that was killed': (space) => {
    space.write('.recipes/runs/0123456789abcdef', '');
  },
};

test('every change is seen', async (t) => {
  await using space = Space.create(FILES);
  fs.symlinkSync('one.txt', space.at('linked.txt'));
  await buildHere(space);
  await buildHere(space);
  for (const [what, change] of Object.entries(CHANGES)) {
    t.regex(
      (await shortWay(space)) ?? 'closed',
      /^\d+ fresh, nothing to do \(\d+\.\d\d s\)\n$/,
      what,
    );
    change(space);
    t.is(await shortWay(space), undefined, what);
    await buildHere(space);
    await buildHere(space);
  }
  t.not(await shortWay(space), undefined);
});

test('other words, another folder, another variable, another user have answers of their own', (t) => {
  const host: Host = {...realHost(), env: {HOME: '/home/a'}, cwd: '/a'};
  const all = [
    idlePlace(host, ARGV),
    idlePlace(host, ['build', 'x']),
    idlePlace(host, ['-C', 'x', 'build']),
    idlePlace({...host, cwd: '/b'}, ARGV),
    idlePlace({...host, uid: host.uid + 1}, ARGV),
    idlePlace({...host, env: {...host.env, RECIPES_JOBS: '3'}}, ARGV),
    idlePlace({...host, env: {...host.env, XDG_CONFIG_HOME: '/c'}}, ARGV),
  ];
  t.is(new Set(all).size, all.length);
  t.is(idlePlace({...host, env: {...host.env, TERM: 'dumb'}}, ARGV), all[0]);
  t.is(idlePlace({...host, env: {}}, ARGV), undefined);
  t.is(idlePlace(host, ['list']), undefined);
});

test('calls that want more than the one line keep nothing', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  await buildHere(space);
  const wanted: readonly Partial<Call>[] = [
    {globals: {...CALL.globals, json: true}},
    {globals: {...CALL.globals, verbose: true}},
    {globals: {...CALL.globals, progress: 'json'}},
    {options: {...CALL.options, dryRun: true}},
    {options: {...CALL.options, force: true}},
    {options: {...CALL.options, tests: 'all'}},
    {options: {...CALL.options, trace: space.at('trace.json')}},
  ];
  for (const change of wanted) {
    await buildHere(space, change);
    t.is(await shortWay(space), undefined, JSON.stringify(change));
  }
  await buildHere(space);
  t.not(await shortWay(space), undefined);
  await buildHere(space, {globals: {...CALL.globals, quiet: true}});
  t.is(await shortWay(space), '');
});

test('a memo that is damaged, or of somebody else, is none', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  await buildHere(space);
  await buildHere(space);
  const host = hostOf(space, []);
  const place = idlePlace(host, ARGV) ?? '';
  const whole = fs.readFileSync(place);
  for (const at of [0, 70, Math.floor(whole.length / 2), whole.length - 1]) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    fs.writeFileSync(place, bytes);
    t.is(await shortWay(space), undefined, String(at));
  }
  for (const size of [0, 10, 64, 65, 66, whole.length - 1]) {
    fs.writeFileSync(place, whole.subarray(0, size));
    t.is(await shortWay(space), undefined, String(size));
  }
  fs.writeFileSync(place, whole);
  t.not(await shortWay(space), undefined);
  t.not(await answerIdle({...host, uid: host.uid + 1}, place, nothing), 'answered');
});

test('a damaged store is no reason to end, nor to answer', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  await buildHere(space);
  await buildHere(space);
  t.not(await shortWay(space), undefined);
  fs.rmSync(space.at('.recipes/runs'), {recursive: true});
  space.write('.recipes/runs', 'no folder');
  t.is(await shortWay(space), undefined);
});

test('what is begun at a change is begun once, told where the store is, and waited for', async (t) => {
  await using space = Space.create(FILES);
  fs.symlinkSync('one.txt', space.at('linked.txt'));
  await buildHere(space);
  await buildHere(space);
  const host = hostOf(space, []);
  const place = idlePlace(host, ARGV) ?? '';
  const told: string[] = [];
  // What is changed in the meantime is seen by who looks at the rest.
  const onChange = async (store: string): Promise<void> => {
    await Promise.resolve();
    space.write('src/sub/g', 'changed later\n');
    told.push(store);
  };
  t.is(await answerIdle(host, place, onChange), 'answered');
  t.deepEqual(told, []);
  space.edit('recipes/t/a.yaml', 'mkdir', 'true; mkdir');
  const seen = await answerIdle(host, place, onChange);
  t.deepEqual(told, [space.at('.recipes')]);
  if (seen === undefined || seen === 'answered') return t.fail();
  const now = seen.placeOf(space.at('src/sub/g')) ?? -1;
  t.is(seen.prints[now * 4 + 1], 'changed later\n'.length);
  // Where a run was killed nothing is changed but what says so.
  await buildHere(space);
  await buildHere(space);
  told.length = 0;
  space.write('.recipes/runs/0123456789abcdef', '');
  t.not(await answerIdle(host, place, onChange), 'answered');
  t.is(told.length, 1);
});

test('what was changed since the process began is not kept', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  await space.expect(0, ['build']);
  await space.expect(0, ['build']);
  t.false(space.exists('.cache/recipes/idle'));
});
