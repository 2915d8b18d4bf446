/** Whatever a recipe file holds, loading ends with a project or with diagnostics inside the file. */
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {DIGEST, recipeText, Space} from './space.ts';

const GOOD = `# yaml-language-server: $schema=../../schemas/recipe.schema.json
package: x
version: 1.10
summary: All fields
homepage: https://x.example/
license: MIT OR Apache-2.0
vars: {series: "\${version}", top: "\${package}-\${series}"}
options:
  nls: {type: bool, default: false, summary: Messages}
  tls: {type: enum, values: [openssl, gnutls], default: openssl, summary: Library}
sources:
  - url: gnu:x/\${top}.tar.gz
    sha256: ${DIGEST}
    or: [{url: "debian:pool/x", sha256: ${DIGEST}}]
    strip: 1
  - {path: ./x, ignore: ["*.o"], into: "\${top}/files", when: "!options.nls"}
patches: []
tools: [sed]
builds:
  main:
    in: host
    needs: [zlib, {build: gettext, for: build, when: "options.nls && arch == 'x86_64'"}]
    uses: make
    with: {flags: [V=1, "S=\${series}"], folder: x, quiet: true}
    env: {CFLAGS: -O2}
    steps:
      prepare: |
        for i in *; do echo "\${i%=*}"; done
      compile: make
    outputs: {expect: [usr/bin/x], ignore: ["**/*.la"], replaces: [y], leaks: [usr/x]}
    resources: {cpu: 2, memory: 1GiB, time: 20min}
    test: {needs: [dejagnu], steps: {check: make check}, known: [a], critical: false}
  lib32: {in: lfs/base, uses: script, when: "options.tls != 'gnutls'"}
`;

/** Loads a project whose one recipe has this text; every diagnostic must lie inside the file. */
function tryText(t: ExecutionContext, space: Space, text: string): readonly string[] {
  space.write({'recipes/a/x.yaml': text});
  const problems = space.problems();
  const lines = text.split('\n');
  for (const {at, message} of problems) {
    if (at?.file !== 'recipes/a/x.yaml') continue;
    t.true(at.line >= 1 && at.line <= lines.length, `${message}: line ${at.line}`);
    t.true(at.column >= 1 && at.column <= (lines[at.line - 1]?.length ?? 0) + 1, message);
    t.true(at.endLine > at.line || at.endColumn >= at.column, message);
  }
  return problems.map(({code}) => code);
}

test('the example is good', (t) => {
  using space = Space.with();
  t.deepEqual(tryText(t, space, GOOD), []);
});

test('every line left out', (t) => {
  using space = Space.with();
  const lines = GOOD.split('\n');
  for (const index of lines.keys()) tryText(t, space, lines.toSpliced(index, 1).join('\n'));
});

test('every prefix that ends at a line', (t) => {
  using space = Space.with();
  const lines = GOOD.split('\n');
  for (const index of lines.keys()) tryText(t, space, lines.slice(0, index).join('\n'));
});

test('every value replaced by one of another type', (t) => {
  using space = Space.with();
  const lines = GOOD.split('\n');
  for (const [index, line] of lines.entries()) {
    for (const value of [
      '',
      ' 7',
      ' true',
      ' []',
      ' {}',
      ' [[x]]',
      ' {a: {b: 1}}',
      ' "${x}"',
      ' "\\0"',
    ]) {
      const changed = line.replace(/: .*/, `:${value}`);
      if (changed !== line) tryText(t, space, lines.toSpliced(index, 1, changed).join('\n'));
    }
  }
});

test('random insertions', (t) => {
  using space = Space.with();
  const piece = fc.constantFrom(
    ...[
      '\n',
      ' ',
      '\t',
      ':',
      ': ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '#',
      '|',
      '&a',
      '*a',
      '!x',
      '<<: ',
      '${',
      '}',
      '%',
      '~',
      'ä',
      '\u2028',
      '\r',
      '__proto__: 1\n',
    ],
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(GOOD.length), piece), {minLength: 1, maxLength: 4}),
      (cuts) => {
        let text = GOOD;
        for (const [offset, insert] of cuts)
          text = text.slice(0, offset) + insert + text.slice(offset);
        tryText(t, space, text);
      },
    ),
    {numRuns: 150, seed: 1},
  );
});

test('a broken base leaves those that extend it with one explanation', (t) => {
  for (const base of ['package: [', 'package: y\n', recipeText('y', 'builds: 1\n')]) {
    using space = Space.with({'recipes/a/y.yaml': base});
    const codes = tryText(t, space, 'package: x\nextends: y\n');
    t.true(codes.length > 0);
    t.deepEqual(
      space.problems().filter(({at}) => at?.file === 'recipes/a/x.yaml'),
      [],
      base,
    );
  }
});
