/** What becomes part of an artifact: what was promised, what is left out, what must not get out. */
import test from 'ava';
import {recipes, resultOf, type Sketch} from '../support/recipes.ts';
import {filesOf, inRoot, SmallRoots} from '../support/small-root.ts';
import {Space} from '../support/space.ts';

const roots = new SmallRoots();
test.before(() => roots.prepare());
test.after.always(() => roots[Symbol.asyncDispose]());

/** A build `in: host`. */
function inHost(steps: string, outputs: object, recipe: object = {}): Sketch {
  return {steps, build: {outputs}, recipe};
}

const TOOL = 'mkdir -p "$DESTDIR"/usr/{bin,share/doc}\n: > "$DESTDIR/usr/bin/tool-2"\n';

const PROMISES: readonly (readonly [string, object, RegExp | undefined])[] = [
  ['a file', {expect: ['usr/bin/tool-2']}, undefined],
  ['a glob', {expect: ['usr/bin/tool-*']}, undefined],
  ['a glob over folders', {expect: ['**/tool-2', 'usr/share/doc']}, undefined],
  ['a variable in it', {expect: ['usr/bin/tool-${version}']}, undefined],
  ['another file', {expect: ['usr/sbin/tool-2']}, /made no usr\/sbin\/tool-2\n.*it made usr\/bin/],
  ['a glob that fits nothing', {expect: ['usr/lib/*.so']}, /the build made no usr\/lib\/\*\.so\n/],
  [
    'two things of which one is there',
    {expect: ['usr/bin/tool-2', 'etc/tool.conf']},
    /made no etc\/tool\.conf\n/,
  ],
  [
    'a file that is ignored',
    {expect: ['usr/bin/tool-2'], ignore: ['usr/bin/*']},
    /made no usr\/bin\/tool-2\n/,
  ],
];

test.serial('expect: what is promised is made, or the build fails', async (t) => {
  await using space = Space.create(
    recipes(
      Object.fromEntries(
        PROMISES.map(([, outputs], at) => [`t/p${at}`, inHost(TOOL, outputs, {version: '2'})]),
      ),
    ),
  );
  const ran = await space.expect(1, ['build', '-k']);
  for (const [at, [title, , message]] of PROMISES.entries()) {
    const block = blockOf(ran.stderr, `t/p${at}`);
    if (message === undefined) t.is(block, '', title);
    else t.regex(block, message, title);
  }
  t.regex(ran.stderr, /sandbox\/missing-output/);
});

/** What is said of one failed label. */
function blockOf(stderr: string, label: string): string {
  const from = stderr.indexOf(`✘ ${label} `);
  return from < 0 ? '' : stderr.slice(from, stderr.indexOf('  log  ', from));
}

test.serial('ignore and generated files are in no artifact', async (t) => {
  const install = `\
mkdir -p /usr/{bin,share/doc,share/info,lib/python3/__pycache__}
: > /usr/bin/tool
: > /usr/share/doc/readme
: > /usr/share/info/tool.info
: > /usr/share/info/dir
: > /usr/lib/python3/module.py
: > /usr/lib/python3/__pycache__/module.pyc
`;
  await using space = roots.project({
    't/one': inRoot(install, [], {outputs: {ignore: ['usr/share/doc/**', '**/*.py']}}),
    't/two': inRoot(install.replaceAll('tool', 'two'), [], {
      outputs: {ignore: ['usr/{share,lib}']},
    }),
    't/user': inRoot('ls /usr/share/info > /usr/share/list', ['one', 'two']),
  });
  await space.expect(0, ['build']);
  t.deepEqual(Object.keys(await filesOf(space, 'one')), [
    'usr/bin/tool',
    'usr/lib/python3',
    'usr/share/info/tool.info',
  ]);
  await space.expect(0, ['checkout', 'user', 'out']);
  t.is(
    space.read('out/usr/share/list'),
    'tool.info\n',
    'no two packages clash over usr/share/info/dir',
  );
});

test.serial(
  'generated.yaml of the project decides what is dropped, and is in the key',
  async (t) => {
    const generated = (glob: string): string =>
      `generated:\n  - {globs: [${JSON.stringify(glob)}], summary: An index}\n`;
    await using space = Space.create({
      ...recipes({
        't/a': {
          steps: 'mkdir "$DESTDIR/etc"\n: > "$DESTDIR/etc/a.cache"\n: > "$DESTDIR/etc/a.conf"',
        },
      }),
      'recipes/generated.yaml': generated('etc/*.cache'),
    });
    await space.expect(0, ['build']);
    t.deepEqual(Object.keys(await filesOf(space, 'a')), ['etc/a.conf']);
    space.write('recipes/generated.yaml', generated('etc/*.conf'));
    t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, ['t/a']);
    t.deepEqual(Object.keys(await filesOf(space, 'a')), ['etc/a.cache']);
  },
);

// --- leaks ---------------------------------------------------------------------------------------

/** The content of usr/lib/it, and whether it may leave the sandbox. */
const LEAKS: readonly (readonly [string, string, boolean])[] = [
  ['a path of the sysroot', "echo 'libdir=/sysroot/usr/lib' > it", false],
  ['a path of the build folder', 'echo "srcdir=$PWD/src" > it', false],
  ['an option with a path', "echo 'cflags: -I/sysroot/usr/include' > it", false],
  ['bytes around it', "printf '\\0\\377/build/x\\0' > it", false],
  ['a link', 'ln -s /sysroot/usr/lib/other it', false],
  ['only the words', "echo 'sysroot build /builds /usr/build/x' > it", true],
  ['a folder of that name', 'mkdir it; echo x > it/sysroot', true],
];

test.serial('no artifact names folders that exist only while building', async (t) => {
  const steps = (script: string): string =>
    `mkdir -p "$DESTDIR/usr/lib"\n${script}\ncp -a it "$DESTDIR/usr/lib/it"\n`;
  await using space = Space.create(
    recipes(
      Object.fromEntries(
        LEAKS.flatMap(([, script], at) => [
          [`t/l${at}`, inHost(steps(script), {})],
          [`t/m${at}`, inHost(steps(script), {leaks: ['usr/lib/*']})],
        ]),
      ),
    ),
  );
  const ran = await space.expect(1, ['build', '-k', '--json']);
  const {failed} = resultOf(ran);
  for (const [at, [title, , fine]] of LEAKS.entries()) {
    t.is(failed.includes(`t/l${at}` as never), !fine, title);
    t.false(failed.includes(`t/m${at}` as never), `${title}, allowed`);
    if (!fine)
      t.regex(blockOf(ran.stderr, `t/l${at}`), /sandbox\/leak\n.*\n\s+note: usr\/lib\/it: /);
  }
});

test.serial('leaks in a root: the build folder is refused there too', async (t) => {
  await using space = roots.project({
    't/leak': inRoot('mkdir /etc\necho "$PWD/x" > /etc/it\necho "$DESTDIR/usr" > /etc/fine'),
  });
  const {stderr} = await space.expect(1, ['build', 'leak']);
  t.regex(stderr, /a file names folders that exist only in the sandbox/);
  t.regex(stderr, /note: etc\/it: \/build\/leak-1\/x\n/);
});
