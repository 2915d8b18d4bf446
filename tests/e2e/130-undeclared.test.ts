/** Warnings of what a build needs to run and its recipe does not declare; cc makes real files. */
import test from 'ava';
import {recipes, resultOf, type Sketch} from '../support/recipes.ts';
import {inRoot, SmallRoots} from '../support/small-root.ts';
import {Space} from '../support/space.ts';

const roots = new SmallRoots();
test.before(() => roots.prepare());
test.after.always(() => roots[Symbol.asyncDispose]());

const COMPILER = ['cc', 'as', 'ld'];

/** A library, a program for scripts, and a module that says how to link with it. */
const NUMBER: Sketch = {
  tools: COMPILER,
  steps: `\
mkdir -p "$DESTDIR"/usr/{bin,lib/pkgconfig}
echo 'int number(void) { return 42; }' > number.c
cc -shared -fPIC -Wl,-soname,libnumber.so.1 -o "$DESTDIR/usr/lib/libnumber.so.1" number.c
ln -s libnumber.so.1 "$DESTDIR/usr/lib/libnumber.so"
printf 'Name: number\\nDescription: a number\\nVersion: 1\\nLibs: -lnumber\\n' \\
  > "$DESTDIR/usr/lib/pkgconfig/number.pc"
printf '#!/bin/sh\\necho 42\\n' > "$DESTDIR/usr/bin/number"
chmod 755 "$DESTDIR/usr/bin/number"
`,
};

const USES = `\
mkdir -p "$DESTDIR"/usr/{bin,lib/pkgconfig}
echo 'int number(void); int main(void) { return number() != 42; }' > answer.c
cc -o "$DESTDIR/usr/bin/answer" answer.c -L/sysroot/usr/lib -lnumber
cp "$DESTDIR/usr/bin/answer" "$DESTDIR/usr/bin/reply"
printf 'Name: answer\\nDescription: x\\nVersion: 1\\nRequires.private: number >= 1\\n' \\
  > "$DESTDIR/usr/lib/pkgconfig/answer.pc"
printf '#!/usr/bin/env number\\n' > "$DESTDIR/usr/bin/script"
chmod 755 "$DESTDIR/usr/bin/script"
`;

const answer = (...needs: readonly unknown[]): Sketch => ({tools: COMPILER, steps: USES, needs});

/** The sentences of the warnings that were printed: beside the mark, or on a line of their own. */
function warningsIn(text: string): string[] {
  const blocks = text.split(/^.*warning {2}build\/undeclared-need$/m).slice(1);
  return blocks.map((block) => /^(?: +\| +\^+)? +(\S.*)\n +hint: /m.exec(block)?.[1] ?? block);
}

const KNOWN = 'which t/number provides, but t/number is no run need';

test.serial('a need for building only is told of once, with all that is missing', async (t) => {
  await using space = Space.create(
    recipes({'t/number': NUMBER, 't/answer': answer({build: 'number', for: 'build'})}),
  );
  const first = await space.expect(0, ['build']);
  t.deepEqual(warningsIn(first.stderr), [
    `usr/bin/script needs number, ${KNOWN}`,
    `usr/bin/answer and 1 more file need libnumber.so.1, ${KNOWN}`,
    `usr/lib/pkgconfig/answer.pc needs number.pc, ${KNOWN}`,
  ]);
  t.regex(first.stderr, /^recipes\/t\/answer\.yaml:\d+:\d+ {2}warning {2}build\/undeclared-need$/m);
  t.regex(first.stderr, /needs: \[number\]/);
  const again = await space.expect(0, ['build']);
  t.deepEqual(warningsIn(again.stderr + again.stdout), [], 'nothing ran, nothing to say');
  space.edit('recipes/t/answer.yaml', 'echo', 'true; echo');
  const json = await space.expect(0, ['build', '--json']);
  t.deepEqual(resultOf(json).executed, ['t/answer']);
  t.deepEqual(warningsIn(json.stderr), warningsIn(first.stderr), 'what ran is told of anew');
});

const DECLARED = [
  ['number'],
  [
    {build: 'number', for: 'build'},
    {build: 'number', for: 'run'},
  ],
];

for (const needs of DECLARED) {
  test.serial(`with ${JSON.stringify(needs)} there is nothing to say`, async (t) => {
    await using space = Space.create(recipes({'t/number': NUMBER, 't/answer': answer(...needs)}));
    const ran = await space.expect(0, ['build']);
    t.deepEqual(warningsIn(ran.stderr), []);
  });
}

const SCRIPTS = `\
mkdir -p /usr/bin
printf '#!/bin/sh\\n' > /usr/bin/mine
printf '#!/usr/bin/env python3\\n' > /usr/bin/theirs
cp /usr/bin/cat /usr/bin/dog
chmod 755 /usr/bin/mine /usr/bin/theirs
`;

test.serial('in a root there is no machine that could have it', async (t) => {
  await using space = roots.project({
    't/tool': inRoot(SCRIPTS),
    't/good': inRoot('#', [{build: 'base/shell', for: 'run'}], {
      steps: {install: SCRIPTS.replace('/usr/bin/env python3', '/bin/sh')},
    }),
  });
  const tool = warningsIn((await space.expect(0, ['build', 'tool'])).stderr);
  t.true(tool.includes('usr/bin/theirs needs python3, which nothing that is declared provides'));
  const provided = 'which base/shell provides, but base/shell is no run need';
  t.true(tool.includes(`usr/bin/mine needs /bin/sh, ${provided}`));
  t.true(
    tool.some((one) => /^usr\/bin\/dog needs libc\.\S+, which base\/shell provides/.test(one)),
  );
  const good = await space.expect(0, ['build', 'good']);
  t.deepEqual(warningsIn(good.stderr), []);
});
