/** What answers to commands work with: where words go, excerpts, options, exit codes. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {problem, warning} from '../../../engine/base/diagnostic.ts';
import {temporaryDir} from '../../../engine/base/files.ts';
import type {Host} from '../../../engine/base/host.ts';
import {makeProgram, type Call} from '../../../engine/cli/commands.ts';
import {engineVersion, SHIPPED} from '../../../engine/cli/shipped.ts';
import {
  excerptReader,
  exitOf,
  isSet,
  makeWorld,
  optionOf,
  textOption,
  type World,
} from '../../../engine/cli/world.ts';
import {fakeScreen} from '../../support/screen.ts';

interface Rig {
  readonly world: World;
  readonly out: () => string;
  readonly errors: () => string;
}

/** The world of one command line, in a folder. */
async function rig(line: string, cwd = '/project', env: Host['env'] = {}): Promise<Rig> {
  let call: Call | undefined;
  const program = makeProgram('1', (made) => {
    call = made;
    return Promise.resolve();
  });
  await program.parseAsync(line.split(' '), {from: 'user'});
  if (call === undefined) throw new Error(`${line} is no call`);
  const {host, text} = fakeScreen();
  let out = '';
  const stdout = {...host.stdout, write: (more: string) => void (out += more)};
  const world = makeWorld({...host, cwd, env, stdout}, call, () => undefined);
  return {world, out: () => out, errors: text};
}

test('-C is relative to where the command was started', async (t) => {
  for (const [line, cwd] of [
    ['list', '/project'],
    ['-C sub list', '/project/sub'],
    ['list -C ../other', '/other'],
    ['-C /abs list', '/abs'],
  ] as const) {
    t.is((await rig(line)).world.cwd, cwd, line);
  }
});

test('data go to standard output, words for people elsewhere', async (t) => {
  const {world, out, errors} = await rig('list');
  world.print('data');
  world.tell('words');
  t.is(out(), 'data\n');
  t.is(errors(), 'words\n');
  const quiet = await rig('list -q');
  quiet.world.print('data');
  quiet.world.tell('words');
  t.is(quiet.out(), 'data\n');
  t.is(quiet.errors(), '');
});

test('diagnostics are shown with their place, and counted from two on', async (t) => {
  await using folder = temporaryDir(os.tmpdir(), 'recipes-world-');
  fs.writeFileSync(path.join(folder.path, 'x.yaml'), 'one\ntwo\n');
  const at = {file: 'x.yaml', line: 2, column: 1, endLine: 2, endColumn: 4};
  const one = problem('recipe/bad-name', 'two is wrong', {at, hint: 'three'});
  const {world, out, errors} = await rig('list', folder.path);
  await world.show([one]);
  t.is(out(), '');
  t.regex(errors(), /x\.yaml:2:1 {2}error {2}recipe\/bad-name\n[^]*> 2 \| two[^]*hint: three/);
  t.notRegex(errors(), /\d error/);
  await world.show([one, warning('recipe/bad-license', 'odd')]);
  t.regex(errors(), /\n1 error, 1 warning in 1 file\n$/);
});

test('on GitHub’s runners each diagnostic is an annotation too', async (t) => {
  const {world, errors} = await rig('list', '/project', {GITHUB_ACTIONS: 'true'});
  const at = {file: 'x.yaml', line: 2, column: 1, endLine: 2, endColumn: 4};
  await world.show([problem('recipe/bad-name', 'it is wrong', {at})]);
  t.regex(errors(), /^::error file=x\.yaml,line=2/m);
});

test('excerpts are found in the folder, then upwards', async (t) => {
  await using folder = temporaryDir(os.tmpdir(), 'recipes-world-');
  const deep = path.join(folder.path, 'a/b');
  fs.mkdirSync(path.join(deep, 'taken'), {recursive: true});
  fs.writeFileSync(path.join(folder.path, 'top.yaml'), 'top');
  fs.writeFileSync(path.join(folder.path, 'a/b.yaml'), 'upper');
  fs.writeFileSync(path.join(folder.path, 'taken'), 'a file of that name');
  fs.writeFileSync(path.join(deep, 'b.yaml'), 'deep');
  const read = excerptReader(deep);
  t.is(read('top.yaml'), 'top');
  t.is(read('b.yaml'), 'deep', 'the nearest');
  t.is(read('taken'), 'a file of that name', 'a folder is none');
  t.is(read(path.join(folder.path, 'a/b.yaml')), 'upper');
  t.is(read('no-such-file-anywhere.yaml'), undefined);
  t.is(read('top.yaml/below'), undefined);
});

test('the exit code is that of the gravest error, never 0', (t) => {
  const step = problem('step/failed', 'x');
  const usage = problem('usage/wrong', 'x');
  const recipe = problem('recipe/bad-name', 'x');
  const store = problem('store/full', 'x');
  const machine = problem('machine/missing-tool', 'x');
  t.is(exitOf([step]), 1);
  t.is(exitOf([step, usage]), 2);
  t.is(exitOf([recipe, usage, step]), 3);
  t.is(exitOf([store, recipe]), 4);
  t.is(exitOf([step, machine, store]), 5);
  t.is(exitOf([]), 1);
  t.is(exitOf([warning('store/full', 'x')]), 1, 'a warning alone ended it');
});

test('options are asked for by name and type', async (t) => {
  const {world} = await rig('build -j 3 -k --trace out a');
  t.is(optionOf(world, 'jobs'), 3);
  t.is(textOption(world, 'trace'), 'out');
  t.is(textOption(world, 'jobs'), undefined, 'a number is no text');
  t.true(isSet(world, 'keepGoing'));
  t.false(isSet(world, 'force'));
  t.false(isSet(world, 'trace'), 'a text is not set');
});

test('what comes with the program is where it says', (t) => {
  const {version} = JSON.parse(fs.readFileSync(path.join(SHIPPED, 'package.json'), 'utf8')) as {
    version: string;
  };
  t.is(engineVersion(), version);
  t.regex(version, /^\d+\.\d+\.\d+/);
  for (const name of ['recipes/kinds/script.yaml', 'recipes/generated.yaml', 'schemas'])
    t.true(fs.existsSync(path.join(SHIPPED, name)), name);
});
