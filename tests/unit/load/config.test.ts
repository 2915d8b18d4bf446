/** Configuration in layers: which value counts, where it comes from, what is refused. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {showConfig} from '../../../engine/load/config.ts';
import {oneLine, Space, type Changes} from './space.ts';

/** `key = value (origin)` of every setting. */
function shown(space: Space, changes: Changes = {}): string[] {
  const config = showConfig(space.request(changes));
  if (!config.ok) return config.error.map(oneLine);
  return config.value.map(({key, value, origin}) => `${key} = ${String(value)} (${origin})`);
}

function empty(): Space {
  const space = new Space();
  space.write({'recipes.config.yaml': '# nothing\n'});
  return space;
}

test('without any setting there are defaults', (t) => {
  using space = empty();
  t.deepEqual(shown(space), [
    'downloads.max-size = 2GiB (default)',
    'jobs = 3 (default)',
    `store.path = ${space.root}/.recipes (default)`,
    'tests.gate = false (default)',
  ]);
  t.deepEqual(space.load().project.config, {
    storePath: `${space.root}/.recipes`,
    jobs: 3,
    aliases: {},
    mirrors: {},
    sets: {},
    overrides: {},
    options: {},
    testsGate: false,
    maxDownloadBytes: 2 ** 31,
  });
});

test('each layer goes over those before it', (t) => {
  using space = empty();
  const jobs = (changes: Changes = {}): string | undefined =>
    shown(space, changes).find((line) => line.startsWith('jobs'));
  const flags = {jobs: 9};
  t.is(jobs(), 'jobs = 3 (default)');
  space.write({'etc/config.yaml': 'jobs: 11\n'});
  t.is(jobs(), 'jobs = 11 (system)');
  space.write({'home/.config/recipes/config.yaml': 'jobs: 12\n'});
  t.is(jobs(), 'jobs = 12 (user)');
  space.write({'recipes.config.yaml': 'jobs: 13\n'});
  t.is(jobs(), 'jobs = 13 (project)');
  t.is(jobs({env: {RECIPES_JOBS: '14'}}), 'jobs = 14 (environment)');
  t.is(jobs({env: {RECIPES_JOBS: '14'}, flags}), 'jobs = 9 (flag)');
  t.is(jobs({env: {RECIPES_JOBS: ''}}), 'jobs = 13 (project)');
});

test('maps are merged entry by entry, lists are replaced', (t) => {
  using space = empty();
  space.write({
    'etc/config.yaml':
      'aliases: {gnu: https://a.example/, deb: https://d.example/}\nsets: {all: [a, b]}\n',
    'recipes.config.yaml':
      'aliases: {gnu: [https://b.example/, https://c.example/]}\nsets: {all: [c]}\n',
  });
  const {aliases, sets} = space.load().project.config;
  t.deepEqual(aliases, {
    deb: ['https://d.example/'],
    gnu: ['https://b.example/', 'https://c.example/'],
  });
  t.deepEqual(sets, {all: ['c']});
});

test('every field of the configuration arrives', (t) => {
  using space = Space.with({
    'recipes.config.yaml': `
mirrors: {"https://a.example/": https://m.example/}
options: {hello.nls: true, "examples/hello.tls": 1.10}
overrides: {lfs/zlib: local/zlib}
tests: {gate: true}
downloads: {max-size: 1.5KiB}
`,
    'recipes/examples/hello.yaml': `package: hello
version: 1
summary: x
options:
  nls: {type: bool, default: false, summary: x}
  tls: {type: text, default: x, summary: x}
builds: {main: {in: host}}
`,
  });
  const {config} = space.load().project;
  t.deepEqual(config.mirrors, {'https://a.example/': ['https://m.example/']});
  t.deepEqual(config.options, {'examples/hello.tls': '1.10', 'hello.nls': true});
  t.deepEqual(config.overrides, {'lfs/zlib': 'local/zlib'});
  t.true(config.testsGate);
  t.is(config.maxDownloadBytes, 1536);
});

test('the store lies relative to where its place is written', (t) => {
  using space = empty();
  const store = (changes: Changes = {}): string => space.load(changes).project.config.storePath;
  space.write({'home/.config/recipes/config.yaml': 'store: {path: ../s1}\n', 'sub/x': ''});
  t.is(store(), `${space.root}/home/.config/s1`);
  space.write({'recipes.config.yaml': 'store: {path: s2}\n'});
  t.is(store(), `${space.root}/s2`);
  t.is(store({cwd: `${space.root}/sub`, env: {RECIPES_STORE: 's3'}}), `${space.root}/sub/s3`);
  t.is(store({flags: {store: '/s4'}}), '/s4');
});

test('XDG_CONFIG_HOME counts when it is absolute; no HOME is no trouble', (t) => {
  using space = empty();
  space.write({
    'xdg/recipes/config.yaml': 'jobs: 7\n',
    'home/.config/recipes/config.yaml': 'jobs: 8\n',
  });
  const jobs = (env: Record<string, string>): number => space.load({env}).project.config.jobs;
  t.is(jobs({XDG_CONFIG_HOME: `${space.root}/xdg`}), 7);
  t.is(jobs({XDG_CONFIG_HOME: 'xdg'}), 8);
  t.is(jobs({HOME: ''}), 3);
});

test('other variables of the environment', (t) => {
  using space = empty();
  const env = {RECIPES_TESTS_GATE: 'true', RECIPES_MAX_DOWNLOAD: '7B'};
  const {testsGate, maxDownloadBytes} = space.load({env}).project.config;
  t.deepEqual([testsGate, maxDownloadBytes], [true, 7]);
  const wrong = {RECIPES_JOBS: '0', RECIPES_TESTS_GATE: 'yes', RECIPES_MAX_DOWNLOAD: '2GB'};
  t.deepEqual(shown(space, {env: wrong}), [
    'config/bad-environment: the environment variable RECIPES_JOBS must be an integer from 1 to 4096, not 0 (unset RECIPES_JOBS)',
    'config/bad-environment: the environment variable RECIPES_TESTS_GATE must be true or false, not yes (unset RECIPES_TESTS_GATE)',
    'config/bad-environment: the environment variable RECIPES_MAX_DOWNLOAD must be a number with B, KiB, MiB, GiB or TiB, not 2GB (unset RECIPES_MAX_DOWNLOAD)',
  ]);
});

test('JSON is read too', (t) => {
  using space = new Space();
  space.write({'recipes.config.json': '{\n\t"jobs": 5,\n\t"sets": {"a": ["b"]}\n}\n'});
  t.is(space.load().project.config.jobs, 5);
});

test('mistakes in configuration files have places', (t) => {
  using space = empty();
  space.write({
    'recipes.config.yaml': 'job: 3\naliases: {gnu: ftp://x/}\nstore: {path: ""}\njobs: many\n',
    'etc/config.yaml': 'jobs: &x 1\n',
  });
  t.deepEqual(shown(space), [
    `${space.root}/etc/config.yaml:1:7 yaml/forbidden: anchors are not used here: &x (write the value out at each place)`.replace(
      `${space.root}/`,
      '',
    ),
    'recipes.config.yaml:1:1 schema/unknown-field: there is no field `job` here (did you mean jobs?)',
    'recipes.config.yaml:2:16 schema/wrong-value: a prefix starts with http://, https:// or file://: ftp://x/',
    'recipes.config.yaml:3:15 schema/wrong-value: `path` must not be empty',
    'recipes.config.yaml:4:7 schema/wrong-type: `jobs` must be an integer, not a text',
  ]);
});

test('a file that cannot be read is a mistake, not a crash', (t) => {
  using space = empty();
  fs.mkdirSync(path.join(space.root, 'etc/config.yaml'), {recursive: true});
  t.deepEqual(shown(space), [
    'etc/config.yaml:1:1 yaml/unreadable: the file cannot be read: EISDIR',
  ]);
});

test('without a project there is nothing to load', (t) => {
  using space = new Space();
  const message = `config/not-found: there is no recipes.config.yaml in ${space.root} or above it (go to a project, use -C, or make one with \`recipes init\`)`;
  t.deepEqual(shown(space), [message]);
  t.deepEqual(space.lines(), [message]);
});

test.serial('nothing a folder holds is executed', (t) => {
  using space = empty();
  const trap = 'require("fs").writeFileSync(__dirname + "/ran", "")';
  space.write({
    '.config/config.js': trap,
    '.config/config.cjs': trap,
    'recipes.config.js': trap,
    'package.json': '{"cosmiconfig": {"searchPlaces": ["x.js"]}',
    '.recipesrc.js': trap,
  });
  const before = process.cwd();
  process.chdir(space.root);
  try {
    t.is(space.load().project.config.jobs, 3);
  } finally {
    process.chdir(before);
  }
  t.deepEqual(fs.readdirSync(path.join(space.root, '.config')).sort(), ['config.cjs', 'config.js']);
});
