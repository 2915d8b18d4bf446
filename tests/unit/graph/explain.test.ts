/** What changed between two manifests, and how it is said. */
import test from 'ava';
import {countUnchanged, diffManifests} from '../../../engine/graph/explain.ts';
import {explainLines} from '../../../engine/graph/explain-text.ts';
import {encodeField, type FieldValue} from '../../../engine/graph/fields.ts';

type Fields = readonly (readonly [string, FieldValue])[];

function lines(fields: Fields): readonly string[] {
  return fields.map(([name, value]) => encodeField(name, value));
}

const ONE = `51c2e8aa${'0'.repeat(56)}`;
const TWO = `77d01f3c${'0'.repeat(56)}`;
const NEAR = `51c2e8aa${'1'.repeat(56)}`;

interface ExplainCase {
  readonly what: string;
  readonly old: Fields;
  readonly new: Fields;
  readonly says: readonly string[];
  readonly causes?: readonly (string | undefined)[];
}

const cases: readonly ExplainCase[] = [
  {what: 'nothing', old: [['env.X', '1']], new: [['env.X', '1']], says: []},
  {
    what: 'a variable',
    old: [['env.CFLAGS', '-O2']],
    new: [['env.CFLAGS', '-O3']],
    says: ['env.CFLAGS  -O2 → -O3'],
  },
  {
    what: 'an input tree names the build to ask next',
    old: [['needs.lfs/zlib', `tree ${ONE}`]],
    new: [['needs.lfs/zlib', `tree ${TWO}`]],
    says: ['needs.lfs/zlib  tree 51c2e8aa → 77d01f3c'],
    causes: ['lfs/zlib'],
  },
  {
    what: 'the base names it too',
    old: [['base.lfs/sys', `tree ${ONE}`]],
    new: [['base.lfs/sys', `tree ${TWO}`]],
    says: ['base.lfs/sys  tree 51c2e8aa → 77d01f3c'],
    causes: ['lfs/sys'],
  },
  {
    what: 'a test names its build',
    old: [
      ['label', 'lfs/a#test'],
      ['build.key', ONE],
    ],
    new: [
      ['label', 'lfs/a#test'],
      ['build.key', TWO],
    ],
    says: ['build.key  51c2e8aa → 77d01f3c'],
    causes: ['lfs/a'],
  },
  {
    what: 'digests that look alike are shown whole',
    old: [['used.x', ONE]],
    new: [['used.x', NEAR]],
    says: [`used.x  ${ONE} → ${NEAR}`],
  },
  {
    what: 'a host tool',
    old: [['host.cc', '12.2.0-14']],
    new: [['host.cc', '12.2.0-15']],
    says: ['host.cc  12.2.0-14 → 12.2.0-15'],
  },
  {
    what: 'added, removed, empty; names padded',
    old: [
      ['env.GONE', '1'],
      ['env.E', ''],
    ],
    new: [
      ['env.E', 'x'],
      ['env.NEW', '2'],
    ],
    says: ["env.E     '' → x", 'env.NEW   added: 2', 'env.GONE  removed: 1'],
  },
  {
    what: 'lists: what came and what went',
    old: [['tools', ['cc', 'make']]],
    new: [['tools', ['cc', 'cmake', 'ninja']]],
    says: ['tools  - make  + cmake  + ninja'],
  },
  {
    what: 'lists: only the order',
    old: [['needs', ['lfs/a', 'lfs/b']]],
    new: [['needs', ['lfs/b', 'lfs/a']]],
    says: ['needs  lfs/a lfs/b → lfs/b lfs/a'],
  },
  {
    what: 'lists: from nothing',
    old: [['vars.x', '1']],
    new: [['vars.x', []]],
    says: ['vars.x  1 → (none)'],
  },
  {
    what: 'a step of several lines shows the lines that differ',
    old: [['steps.configure', './configure \\\n  --prefix=/usr\n']],
    new: [['steps.configure', './configure \\\n  --prefix=/usr \\\n  --disable-nls\n']],
    says: [
      'steps.configure',
      '  -   --prefix=/usr',
      '  +   --prefix=/usr \\',
      '  +   --disable-nls',
    ],
  },
  {
    what: 'an added step of several lines is said in one',
    old: [],
    new: [['steps.check', 'make check\ntrue\n']],
    says: ['steps.check  added: make check … (2 lines)'],
  },
  {
    what: 'steps in another order',
    old: [
      ['steps.a', 'x'],
      ['steps.b', 'y'],
    ],
    new: [
      ['steps.b', 'y'],
      ['steps.a', 'x'],
    ],
    says: ['steps  order: a b → b a'],
  },
  {
    what: 'an added layer between is no change of order',
    old: [
      ['needs.l/a', 'tree x'],
      ['needs.l/b', 'tree y'],
    ],
    new: [
      ['needs.l/a', 'tree x'],
      ['needs.l/c', 'tree z'],
      ['needs.l/b', 'tree y'],
    ],
    says: ['needs.l/c  added: tree z'],
  },
  {
    what: 'only white space',
    old: [['steps.a', 'x']],
    new: [['steps.a', 'x\n']],
    says: ['steps.a  x → x\\x0a'],
  },
  {
    what: 'signs that steer terminals are shown, not sent',
    old: [['env.X', '\u001b[31mred']],
    new: [['env.X', '\u009b31m\u007f']],
    says: ['env.X  \\x1b[31mred → \\x9b31m\\x7f'],
  },
  {
    what: 'the version of the format',
    old: [['action', 1]],
    new: [['action', 2]],
    says: ['action  1 → 2'],
  },
];

for (const one of cases) {
  test(one.what, (t) => {
    const changes = diffManifests(lines(one.old), lines(one.new));
    t.deepEqual(explainLines(changes), one.says);
    const causes: readonly (string | undefined)[] = changes.map((change) => change.cause);
    t.deepEqual(causes, one.causes ?? changes.map(() => undefined));
  });
}

test('long differences are cut and counted', (t) => {
  const text = (prefix: string): string =>
    Array.from({length: 30}, (_, place) => `${prefix}${place}`).join('\n');
  const changes = diffManifests(lines([['steps.x', text('a')]]), lines([['steps.x', text('b')]]));
  const said = explainLines(changes);
  t.is(said.length, 22);
  t.is(said.at(-1), '  … 40 more lines');
});

test('lines of another format are compared as they are', (t) => {
  const changes = diffManifests(['old style'], ['new style']);
  t.deepEqual(
    changes.map((change) => `${change.kind} ${change.field}`),
    ['added new style', 'removed old style'],
  );
});

test('unchanged fields are counted', (t) => {
  t.is(countUnchanged(['a = 1', 'b = 2'], ['a = 1', 'b = 3', 'c = 4']), 1);
});
