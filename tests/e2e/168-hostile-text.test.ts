/**
 * Hostile recipe files, names and state files: refused with one message, or inert and printed
 * so that no terminal obeys it. Time and memory of each are printed.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {execFileSync} from 'node:child_process';
import test, {type ExecutionContext} from 'ava';
import {quickPrint} from '../../engine/base/quick-print.ts';
import {Table, measured, type Measured} from '../support/peak.ts';
import {recipe, recipes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';

const table = new Table();

/** What would drive a terminal, and what only we would have put there. */
const DRIVES = /[\x00-\x08\x0b-\x1f\x7f-\x9f]|\u202e/;

function harmless(t: ExecutionContext, name: string, ran: Measured): void {
  t.notRegex(ran.stdout, DRIVES, name);
  t.notRegex(ran.stderr, DRIVES, name);
  t.notRegex(ran.stderr, /bug in recipes/, name);
  t.is(({} as {polluted?: unknown}).polluted, undefined);
}

// --- recipe files ----------------------------------------------------------------------------------

const HEAD = "package: a\nversion: '1'\nsummary: x\n";
const MIB = 1 << 20;

const YAML: Readonly<Record<string, readonly [code: string, text: string | Buffer]>> = {
  'an alias bomb': [
    'yaml/forbidden',
    Array.from(
      {length: 9},
      (_, i) => `a${String(i)}: &a${String(i)} [${`*a${String(i - 1)},`.repeat(9)}]`,
    ).join('\n'),
  ],
  '350,000 aliases': ['yaml/forbidden', `[${'*a,'.repeat(349_000)}]`],
  'an anchor in a circle': ['yaml/forbidden', `${HEAD}vars: &a {x: *a}\n`],
  'nested 100,000 deep': ['yaml/too-deep', `${HEAD}vars: ${'['.repeat(100_000)}`],
  'maps nested 100,000 deep': ['yaml/too-deep', `${HEAD}vars: ${'{a: '.repeat(100_000)}`],
  'blocks nested 700 deep': [
    'yaml/too-deep',
    HEAD + Array.from({length: 700}, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
  ],
  'a key of 1 MB': ['yaml/syntax', `${HEAD}${'k'.repeat(1_000_000)}: 1\n`],
  '100,000 keys': [
    'yaml/too-large',
    Array.from({length: 100_000}, (_, at) => `k${String(at)}:`).join('\n'),
  ],
  'the same key twice': ['yaml/duplicate-key', `${HEAD}summary: y\n`],
  'a merge key': ['yaml/forbidden', `${HEAD}vars: {<<: {x: 1}}\n`],
  'a function': ['yaml/forbidden', `${HEAD}vars: {x: !!js/function "function () {}"}\n`],
  'an object to make': ['yaml/forbidden', `${HEAD}vars: !!python/object/apply:os.system [x]\n`],
  'the key __proto__': ['yaml/forbidden', `${HEAD}vars: {__proto__: {polluted: 1}}\n`],
  'the key constructor': ['yaml/forbidden', `${HEAD}constructor: {prototype: {polluted: 1}}\n`],
  binary: ['yaml/not-text', Buffer.from(Array.from({length: 65536}, (_, at) => (at * 7) % 256))],
  NUL: ['yaml/not-text', `${HEAD}vars: {x: "a\0b"}\n`],
  'a terminal escape': ['yaml/not-text', `${HEAD}vars: {x: "\x1b]0;x\x07"}\n`],
  'a written terminal escape': ['yaml/forbidden|schema/|recipe/', `${HEAD}"\\e[31m\\u202e": 1\n`],
  'UTF-16': ['yaml/not-text', Buffer.from(`\ufeff${HEAD}`, 'utf16le')],
  'two documents': ['yaml/forbidden', `${HEAD}---\n${HEAD}`],
  'one line of 50 MB': ['yaml/too-large', `${HEAD}x: ${'x'.repeat(50 * MIB)}\n`],
  'a text of 1 MB with quotes': [
    'schema/unknown-field',
    `${HEAD}x: "${'\\"'.repeat(MIB / 2 - 50)}"\n`,
  ],
};

async function refuses(
  t: ExecutionContext,
  name: string,
  space: Space,
  code: string,
): Promise<void> {
  const ran = await measured(space, ['validate']);
  t.is(ran.status, 3, space.report());
  t.regex(ran.stderr, new RegExp(code));
  t.true(ran.stderr.length < 60_000, `${String(ran.stderr.length)} characters are no message`);
  harmless(t, name, ran);
  t.false(space.exists('.recipes'), 'nothing was started');
  table.add(t, name, ran);
}

for (const [name, [code, text]] of Object.entries(YAML)) {
  test.serial(`YAML: ${name}`, async (t) => {
    await using space = Space.create(recipes({'t/good': {}}));
    space.write('recipes/t/a.yaml', text);
    await refuses(t, `YAML: ${name}`, space, code);
  });
}

test.serial('YAML: a byte order mark changes nothing', async (t) => {
  await using space = Space.create();
  space.write('recipes/t/a.yaml', `\ufeff${recipe('t/a')}`);
  await space.expect(0, ['validate']);
  t.pass();
});

const STRANGE: Readonly<Record<string, (file: string) => void>> = {
  'a link to /dev/zero': (file) => {
    fs.symlinkSync('/dev/zero', file);
  },
  'a fifo': (file) => {
    execFileSync('mkfifo', [file]);
  },
  'a link to itself': (file) => {
    fs.symlinkSync('a.yaml', file);
  },
  'a hole of 10 GiB': (file) => {
    fs.writeFileSync(file, '');
    fs.truncateSync(file, 10 * 2 ** 30);
  },
  'a folder': (file) => {
    fs.mkdirSync(file);
  },
};

for (const [name, make] of Object.entries(STRANGE)) {
  test.serial(`recipe file: ${name}`, async (t) => {
    await using space = Space.create(recipes({'t/good': {}}));
    make(space.at('recipes/t/a.yaml'));
    const ran = await measured(space, ['validate']);
    // A folder may be called what it likes.
    t.is(ran.status, name === 'a folder' ? 0 : 3, space.report());
    if (ran.status === 3) t.regex(ran.stderr, /yaml\/(unreadable|too-large)/);
    harmless(t, name, ran);
    table.add(t, `recipe file: ${name}`, ran);
  });
}

// --- names -----------------------------------------------------------------------------------------

const NAMES = [
  ...['$(touch PWN)', '`touch PWN`', ';touch PWN;', "'; touch PWN; '", '"; touch PWN; "'],
  ...['--help', '-rf', '../../PWN', '/etc/passwd', '\x1b[31mred', '\x1b]0;x\x07', 'a\nb', '\u202e'],
  ...['__proto__', 'constructor', 'n'.repeat(5000), '*', '~', '${version}', 'a b', '|', '\x9b2J'],
];

/** Where names of a recipe can stand. */
const PLACES: Readonly<Record<string, (name: string) => string>> = {
  package: (name) => recipe('t/a', {recipe: {package: name}}),
  version: (name) => recipe('t/a', {recipe: {version: name}}),
  build: (name) => recipe('t/a', {recipe: {builds: {[name]: {in: 'host', uses: 'script'}}}}),
  need: (name) => recipe('t/a', {needs: [name]}),
  option: (name) => recipe('t/a', {recipe: {options: {[name]: {type: 'bool', default: true}}}}),
  variable: (name) => recipe('t/a', {recipe: {vars: {[name]: 'x'}}}),
  'environment name': (name) => recipe('t/a', {build: {env: {[name]: 'x'}}}),
  step: (name) => recipe('t/a', {steps: {[name]: 'true', install: 'true'}}),
  tool: (name) => recipe('t/a', {tools: [name]}),
  source: (name) => recipe('t/a', {recipe: {sources: [{path: name}]}}),
  patch: (name) => recipe('t/a', {recipe: {patches: [{file: name}]}}),
  output: (name) => recipe('t/a', {build: {outputs: {expect: [name]}}}),
};

/** A recipe for each name; all mistakes are told in one run. */
for (const [place, write] of Object.entries(PLACES)) {
  test.serial(`names: as ${place}`, async (t) => {
    await using space = Space.create();
    for (const [at, name] of NAMES.entries()) {
      const file = `a${String(at)}`;
      space.write(
        `recipes/t/${file}.yaml`,
        write(name).replace('package: a\n', `package: ${file}\n`),
      );
    }
    const ran = await measured(space, ['validate']);
    t.true(ran.status === 0 || ran.status === 3, space.report());
    harmless(t, place, ran);
    t.false(space.exists('PWN'));
    table.add(t, `names: as ${place}`, ran);
  });
}

test.serial('names: on the command line', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  for (const name of NAMES) {
    for (const argv of [
      ['build', '--', name],
      ['show', `--store=${name}`, 't/a'],
      ['build', '-o', `${name}=x`],
    ]) {
      if (argv.some((word) => word.length > 4000 || word.includes('PWN'.repeat(2)))) continue;
      const ran = await measured(space, argv);
      t.not(ran.status, 70, space.report());
      harmless(t, JSON.stringify(argv), ran);
    }
  }
  t.false(space.exists('PWN'));
});

/** Names a file can have, in a source and in what a build makes; values its shell sees. */
const FILES = NAMES.filter((one) => !one.includes('/') && one.length < 200 && one !== '__proto__');

test.serial('names: of files in sources and outputs, and values of variables', async (t) => {
  await using space = Space.create();
  for (const name of FILES) space.write(`src/${name}`, name);
  const env = Object.fromEntries(FILES.map((one, at) => [`V${String(at)}`, one]));
  const vars = {shown: '$(touch PWN); `touch PWN`'};
  space.write(
    'recipes/t/a.yaml',
    recipe('t/a', {
      steps:
        'mkdir -p "$DESTDIR/d"\ncp -a -- . "$DESTDIR/d/"\nprintf "%s" "$shown" > "$DESTDIR/v"\nls\n',
      recipe: {sources: [{path: '../../src'}], vars},
      build: {env},
    }),
  );
  const ran = await measured(space, ['build']);
  t.is(ran.status, 0, space.report());
  harmless(t, 'build', ran);
  const files = await measured(space, ['files', 'a']);
  harmless(t, 'files', files);
  await space.expect(0, ['checkout', 'a', 'out']);
  t.deepEqual(fs.readdirSync(space.at('out/d')).sort(), [...FILES].sort());
  t.is(space.read('out/v'), vars.shown);
  t.false(space.exists('PWN') || space.exists('out/PWN'));
  t.deepEqual(remains(space), []);
});

test.serial('what a failing build prints does not reach the terminal as it is', async (t) => {
  await using space = Space.create(
    recipes({
      't/a': {
        steps: "printf '\\033]0;x\\007\\033[2J\\302\\233\\nhello \\342\\200\\256\\n'; exit 3",
      },
    }),
  );
  const ran = await measured(space, ['build']);
  t.is(ran.status, 1);
  t.regex(ran.stderr, /hello/);
  harmless(t, 'a failing build', ran);
});

// --- state files -----------------------------------------------------------------------------------

const JSONS: readonly string[] = [
  ...['null', '[]', '{}', '"x"', '1e999', '{"format":1}', ''],
  ...['[{"__proto__":{"polluted":1}}]', '{"__proto__":{"polluted":1},"constructor":{"x":1}}'],
  ...[
    '['.repeat(100_000) + ']'.repeat(100_000),
    '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000),
  ],
  ...['['.repeat(100_000), `{"at":1e999,"n":-1e999,"held":{"keys":${'9'.repeat(100_000)}}}`],
];

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const sealed = (text: string): string => `${text}\nsha256 ${sha256(`${text}\n`)}\n`;
const line = (text: string): string => `${quickPrint(text)} ${text}\n`;

/** Each kind of state file, by where it is, and how a text becomes one with a good checksum. */
const STATE: readonly (readonly [folder: string, whole: (text: string) => string])[] = [
  ['actions.log', line],
  ['aux/stat-cache', line],
  ['records', sealed],
  ['roots/projects', sealed],
  ['roots/pins', sealed],
];

function anyFile(at: string): string {
  if (fs.statSync(at).isFile()) return at;
  return anyFile(`${at}/${fs.readdirSync(at)[0] ?? ''}`);
}

const COMMANDS = [
  ['build', '-n'],
  ['store', 'gc', '--dry-run'],
  ['store', 'verify'],
];

for (const [place, whole] of STATE) {
  test.serial(`state files: ${place}`, async (t) => {
    await using space = Space.create({
      ...recipes({'t/a': {recipe: {sources: [{path: '../../src'}]}}}),
      'src/x': 'x',
    });
    await space.expect(0, ['build']);
    await space.expect(0, ['store', 'pin', 'a', '--as', 'p']);
    const file = anyFile(space.at(`.recipes/${place}`));
    const good = fs.readFileSync(file);
    for (const json of JSONS) {
      for (const argv of COMMANDS) {
        fs.writeFileSync(file, whole(json));
        const ran = await measured(space, argv);
        const name = `${argv.join(' ')}, ${place}: ${json.slice(0, 20)}`;
        t.true([0, 1, 4].includes(ran.status ?? 70), `${name}\n${space.report().slice(-3000)}`);
        harmless(t, name, ran);
        table.add(t, name, ran);
        fs.writeFileSync(file, good);
      }
    }
    t.is((await space.run(['build'])).status, 0, space.report().slice(-3000));
  });
}

test.serial('what all of it took', (t) => {
  table.log(t);
});
