/** What a step may do, what it is told, and how it can end, through the command line. */
import fs from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import test from 'ava';
import {stringify} from 'yaml';
import {recipes, resultOf, type Sketch} from '../support/recipes.ts';
import {inRoot, SmallRoots} from '../support/small-root.ts';
import {Space} from '../support/space.ts';

const roots = new SmallRoots();
test.before(() => roots.prepare());
test.after.always(() => roots[Symbol.asyncDispose]());

/** What a build that fails says, its log included. */
async function failing(sketch: Sketch, argv: readonly string[] = []): Promise<string> {
  await using space = Space.create(recipes({'t/it': sketch}));
  const {stderr} = await space.expect(1, ['build', ...argv]);
  return stderr;
}

// --- the world outside ---------------------------------------------------------------------------

test.serial('a build has no network, not even this machine’s', async (t) => {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const {port} = server.address() as AddressInfo;
  const connect = `exec 7<>/dev/tcp/127.0.0.1/${port}\nprintf 'GET /x HTTP/1.0\\r\\n\\r\\n' >&7\n`;
  t.regex(await failing({steps: connect}), /it · install failed \(exit 1 after/);
  t.deepEqual(asked, []);
  await fetch(`http://127.0.0.1:${port}/from-outside`);
  t.deepEqual(asked, ['/from-outside'], 'who is not in a build gets there');
});

/** Places of the machine that a build `in: host` sees but may not write to. */
const CLOSED = ['/usr/share/recipes-test', '/usr/bin/recipes-test', '/etc/recipes-test', '/x'];

test.serial('in: host: the machine’s own folders are read-only', async (t) => {
  const steps = CLOSED.map(
    (file) => `if echo x 2> /dev/null > ${file}; then echo "wrote ${file}"; exit 1; fi\n`,
  );
  await using space = Space.create(recipes({'t/it': {steps: steps.join('')}}));
  await space.expect(0, ['build']);
  for (const file of CLOSED) t.false(fs.existsSync(file), file);
});

test.serial('a step sees no variable of the caller, and the same set each time', async (t) => {
  const names = 'env -0 | sort -z | tr "\\0" "\\n" > "$DESTDIR/usr/env"';
  await using space = Space.create(
    recipes({
      't/it': {
        steps: `mkdir "$DESTDIR/usr"\n${names}`,
        build: {
          env: {CFLAGS: '-O3 -g', EMPTY: '', VERSION: '${version}'},
          outputs: {leaks: ['usr/env']},
        },
      },
    }),
  );
  const foreign = {CFLAGS: '-O0', MARK: 'caller', LD_PRELOAD: '', MAKEFLAGS: '-j9', BASH_ENV: '/x'};
  await space.expect(0, ['build'], {env: foreign});
  await space.expect(0, ['checkout', 'it', 'out']);
  const env = space.read('out/usr/env').trimEnd().split('\n');
  const has = (line: string): unknown => t.true(env.includes(line), line);
  ['CFLAGS=-O3 -g', 'EMPTY=', 'VERSION=1', 'DESTDIR=/sysroot', 'HOME=/tmp', 'LC_ALL=C'].forEach(
    has,
  );
  ['SOURCE_DATE_EPOCH=315532800', 'TZ=UTC', 'PYTHONDONTWRITEBYTECODE=1'].forEach(has);
  const known = /^(_|CFLAGS|DESTDIR|EMPTY|HOME|LC_ALL|MAKEFLAGS|OLDPWD|PATH|PWD|SHELL|SHLVL)=/;
  const more = /^(PYTHONDONTWRITEBYTECODE|SOURCE_DATE_EPOCH|SYSROOT|TERM|TMPDIR|TZ|VERSION)=/;
  t.deepEqual(
    env.filter((line) => !known.test(line) && !more.test(line)),
    [],
  );
  t.notRegex(env.find((line) => line.startsWith('MAKEFLAGS=')) ?? '', /-j9/);
  const again = await space.expect(0, ['build', '--json'], {env: {...foreign, MARK: 'other'}});
  t.deepEqual(resultOf(again).executed, [], 'nor is any in the key');
});

test.serial('an undeclared tool is not found, a declared one is', async (t) => {
  const undeclared = await failing({steps: 'mkfifo x; ldd --version'});
  t.regex(undeclared, /ldd: command not found/);
  t.regex(undeclared, /install failed \(exit 127 after/);
  await using space = Space.create(
    recipes({'t/it': {tools: ['ldd', 'no-such-program-1'], steps: 'true'}}),
  );
  const {stderr} = await space.expect(5, ['build']);
  t.regex(stderr, /machine\/missing-tool[^]*no-such-program-1/);
});

// --- ends ----------------------------------------------------------------------------------------

test.serial('a process that outlives the steps fails the build, and is named', async (t) => {
  await using space = roots.project({
    't/daemon': inRoot('(exec sleep 1000000) & disown\nmkdir /etc\n: > /etc/done'),
    't/good': inRoot('sleep 0.01 & wait\nmkdir /etc\n: > /etc/done'),
  });
  await space.expect(0, ['build', 'good']);
  const {stderr} = await space.expect(1, ['build', 'daemon']);
  t.regex(stderr, /step\/left-processes\n\s+the steps left a process running\n/);
  t.regex(stderr, /note: still running: \d+ sleep 1000000/);
  t.regex(stderr, /hint: end what a step starts, and wait for it/);
});

test.serial('time: what takes longer is ended, and tried again the next time', async (t) => {
  const hangs: Sketch = {
    steps: {prepare: 'true', compile: 'mkfifo never\nread -r line < never'},
    build: {resources: {time: '1s'}},
  };
  await using space = Space.create(recipes({'t/it': hangs}));
  for (const turn of ['first', 'second']) {
    const ran = await space.expect(1, ['build', '--json']);
    t.deepEqual(resultOf(ran).failed, ['t/it'], turn);
    t.regex(ran.stderr, /step\/timeout\n\s+step compile was ended after 1 s\n/);
    t.regex(ran.stderr, /hint: resources: \{time: …\} in the recipe allows more/);
  }
});

/** The steps prepare and install, the code of what is said, and the words. */
const ENDS: Readonly<Record<string, readonly [string, string, RegExp]>> = {
  'exit 0 in an early step': ['exit 0', 'true', /step\/ended-early\n\s+step prepare ended/],
  'exit 0 in the last step': ['true', 'exit 0', /step\/ended-early\n\s+step install ended/],
  'exec of another program': ['exec true', 'true', /step\/ended-early\n\s+step prepare ended/],
  'exit with a status': ['true', 'exit 7', /install failed \(exit 7 after/],
  'a command that fails': ['false\necho on', 'true', /prepare failed \(exit 1 after/],
  'a command of a pipe that fails': ['false | true', 'true', /prepare failed \(exit 1 after/],
  'a variable that is not set': ['echo "$missing"', 'true', /missing: unbound variable/],
  'a signal': ["bash -c 'kill -SEGV $$'", 'true', /prepare failed \(killed by SIGSEGV after/],
  'text that is no shell': ['if then', 'true', /syntax error near unexpected token/],
};

test.serial('how steps can end that should not', async (t) => {
  const entries = Object.entries(ENDS);
  const sketch = ([, [prepare, install]]: (typeof entries)[number]): Sketch => ({
    steps: {prepare, install},
  });
  await using space = Space.create(
    recipes(Object.fromEntries(entries.map((entry, at) => [`t/e${at}`, sketch(entry)]))),
  );
  const {stderr} = await space.expect(1, ['build', '-k']);
  for (const [at, [title, [, , words]]] of entries.entries()) {
    const from = stderr.indexOf(`✘ t/e${at} `);
    t.true(from >= 0, title);
    t.regex(stderr.slice(from, stderr.indexOf('\n  log  ', from)), words, title);
  }
});

test.serial('return ends a step early and well', async (t) => {
  const steps = {prepare: 'return 0\nfalse', install: 'mkdir "$DESTDIR/usr"\n: > "$DESTDIR/usr/x"'};
  await using space = Space.create(recipes({'t/it': {steps}}));
  await space.expect(0, ['build']);
  t.regex((await space.expect(0, ['files', 'it'])).stdout, /\/usr\/x/);
});

test.serial('--verbose names each phase; a step that is over at once may go unseen', async (t) => {
  await using space = Space.create(recipes({'t/it': {}}));
  const {stderr} = await space.expect(0, ['build', '-v']);
  t.regex(stderr, /^t\/it: capturing$/m);
  t.notRegex(stderr, /^t\/it: *$/m);
});

// --- variables -----------------------------------------------------------------------------------

const KIND = stringify({
  kind: 'shown',
  summary: 'Shows what its steps are told',
  with: {
    flags: {type: 'list', default: ['--of-${package}'], summary: 'Words'},
    none: {type: 'list', summary: 'No words'},
    text: {type: 'text', default: 'a text', summary: 'A text'},
    fast: {type: 'bool', default: true, summary: 'A switch'},
  },
  tools: ['bash', 'mkdir'],
  steps: {
    show: [
      'mkdir "$DESTDIR/usr"',
      'show() { local name; for name; do echo "$name=${!name}"; done; }',
      'show package version arch jobs series odd nls crypto banner with_text with_fast',
      'echo "flags=${#with_flags[@]}<${with_flags[*]}> none=${#with_none[@]}"',
    ]
      .join('\n')
      .replace(/(show package.*\n.*)$/, '{ $1\n} > "$DESTDIR/usr/shown"'),
  },
});

const OPTIONS = {
  nls: {type: 'bool', default: false, summary: 'Translated messages'},
  crypto: {type: 'enum', values: ['openssl', 'gnutls'], default: 'openssl', summary: 'Library'},
  banner: {type: 'text', default: 'hi', summary: 'What it says'},
};

function shown(): Space {
  return Space.create({
    'recipes/kinds/shown.yaml': KIND,
    ...recipes({
      't/it': {
        recipe: {
          version: '1.10',
          vars: {series: '${package}-1', odd: `a 'b' "c" $d \\ \`e\` %`},
          options: OPTIONS,
        },
        steps: {},
        build: {uses: 'shown', resources: {cpu: 2}, with: {flags: ['-a b', '--v=${version}', '']}},
      },
    }),
  });
}

async function told(space: Space, argv: readonly string[] = []): Promise<Record<string, string>> {
  await space.expect(0, ['build', '-j2', ...argv]);
  const out = `out-${argv.length}`;
  await space.expect(0, ['checkout', ...argv, 'it', out]);
  const lines = space.read(`${out}/usr/shown`).trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line): [string, string] => {
      const [name = '', value = ''] = line.split(/=(.*)/s);
      return [name, value];
    }),
  );
}

test.serial('a step is told package, version, variables, options and parameters', async (t) => {
  await using space = shown();
  t.deepEqual(await told(space), {
    ...{package: 'it', version: '1.10', arch: machine(), jobs: '2'},
    ...{series: 'it-1', odd: `a 'b' "c" $d \\ \`e\` %`},
    ...{nls: 'false', crypto: 'openssl', banner: 'hi'},
    ...{with_text: 'a text', with_fast: 'true', flags: '3<-a b --v=1.10 > none=0'},
  });
  const fewer = resultOf(await space.expect(0, ['build', '--json', '-j1']));
  t.deepEqual(fewer.executed, [], '`jobs` is in no key');
});

test.serial('options reach steps as they are set, each value another key', async (t) => {
  await using space = shown();
  const set = ['-o', 't/it.nls=true', '-o', 'it.crypto=gnutls', '-o', "it.banner=it's $HOME"];
  const {nls, crypto, banner} = await told(space, set);
  t.deepEqual({nls, crypto, banner}, {nls: 'true', crypto: 'gnutls', banner: "it's $HOME"});
  t.is((await told(space))['nls'], 'false');
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json', ...set])).executed, []);
  const wrong = await space.expect(2, ['build', '-o', 'it.crypto=nss']);
  t.regex(wrong.stderr, /usage\/bad-option[^]*must be one of openssl, gnutls, not nss/);
});

test.serial('parameters have the kind’s values unless the recipe gives its own', async (t) => {
  await using space = shown();
  space.edit(
    'recipes/t/it.yaml',
    /flags:/.exec(space.read('recipes/t/it.yaml'))?.[0] ?? '',
    'none:',
  );
  const {flags, with_fast: fast} = await told(space);
  t.deepEqual({flags, fast}, {flags: '1<--of-it> none=3', fast: 'true'});
});

/** The processor as uname(1) says it. */
function machine(): string {
  return process.arch === 'arm64' ? 'aarch64' : process.arch === 'x64' ? 'x86_64' : process.arch;
}
