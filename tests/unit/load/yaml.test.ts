/** YAML with places: what is read, what is refused, and that refusing is quick. */
import test from 'ava';
import {readYaml} from '../../../engine/load/yaml.ts';
import {nodeAt, type DataNode, type Scalar, type ScalarNode} from '../../../engine/load/nodes.ts';
import {oneLine} from './space.ts';

const read = (text: string | Uint8Array): ReturnType<typeof readYaml> =>
  readYaml('f', typeof text === 'string' ? Buffer.from(text) : text);

const lines = (text: string | Uint8Array): string[] => read(text).problems.map(oneLine);

function scalar(node: DataNode | undefined, key: string): ScalarNode | undefined {
  const found = node === undefined ? undefined : nodeAt(node, [key]);
  return found?.kind === 'scalar' ? found : undefined;
}

test('scalars keep their text as written beside their value', (t) => {
  const cases: readonly (readonly [string, Scalar])[] = [
    ['1.10', 1.1],
    ['0755', 755],
    ['1e3', 1000],
    ['0o17', 15],
    ['0x1F', 31],
    ['1_000', '1_000'],
    ['no', 'no'],
    ['yes', 'yes'],
    ['on', 'on'],
    ['true', true],
    ['2024-01-01', '2024-01-01'],
    ['12:30', '12:30'],
    ['.inf', Infinity],
    ['~', null],
    ['a b', 'a b'],
  ];
  for (const [text, value] of cases) {
    const node = scalar(read(`a: ${text}\n`).node, 'a');
    t.is(node?.value, value, text);
    t.is(node?.source, text);
  }
});

test('places of values, of what is inside quotes, and of keys', (t) => {
  const {node} = read('a: 1.10\nlist:\n  - "x y"\nm: {k: \'v\'}\n');
  t.deepEqual(scalar(node, 'a')?.at, {file: 'f', line: 1, column: 4, endLine: 1, endColumn: 8});
  const quoted = node && nodeAt(node, ['list', 0]);
  t.is(quoted?.at.column, 5);
  t.is(quoted?.kind === 'scalar' ? quoted.inner?.column : 0, 6);
  const map = node && nodeAt(node, ['m']);
  t.deepEqual(map?.kind === 'map' ? map.entries.get('k')?.key.column : 0, 5);
});

test('what is not written as it is has no inner place', (t) => {
  const {node} = read('a: |\n  x\n  y\nb: "\\t"\nc: "two\n  lines"\n');
  for (const key of ['a', 'b', 'c']) t.is(scalar(node, key)?.inner, undefined, key);
  t.is(scalar(node, 'a')?.value, 'x\ny\n');
});

test('CRLF and a byte order mark change nothing', (t) => {
  const {node, problems} = read('\ufeffa: |\r\n  x\r\n  y\r\nb: 2\r\n');
  t.deepEqual(problems, []);
  t.is(scalar(node, 'a')?.value, 'x\ny\n');
  t.deepEqual(scalar(node, 'b')?.at.line, 4);
});

test('empty files and files of comments are nothing', (t) => {
  for (const text of ['', '\n', '# only this\n', '---\n']) {
    const {node, problems} = read(text);
    t.deepEqual(problems, [], text);
    t.is(node?.kind === 'scalar' ? node.value : undefined, null);
  }
});

test('what is refused, and where', (t) => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [
      'a: &x 1\nb: *x\n',
      [
        'f:1:4 yaml/forbidden: anchors are not used here: &x (write the value out at each place)',
        'f:2:4 yaml/forbidden: aliases are not used here: *x (write the value out at each place)',
      ],
    ],
    [
      'a: !!str 1\nb: !own {}\n',
      [
        'f:1:4 yaml/forbidden: tags are not used here: !!str (leave the tag out)',
        'f:2:4 yaml/forbidden: tags are not used here: !own (leave the tag out)',
      ],
    ],
    [
      'a:\n  <<: {x: 1}\n',
      ['f:2:3 yaml/forbidden: merge keys are not used here (write the value out at each place)'],
    ],
    [
      '%YAML 1.1\n---\na: 1\n',
      ['f:1:1 yaml/forbidden: directives are not used here: %YAML 1.1 (leave the line out)'],
    ],
    ['a: 1\n---\nb: 2\n', ['f:2:1 yaml/forbidden: a file holds one document (make it two files)']],
    ['a: 1\nb: 2\na: 3\n', ['f:3:1 yaml/duplicate-key: a stands here twice']],
    ['m: {x: 1, x: 2}\n', ['f:1:11 yaml/duplicate-key: x stands here twice']],
    ['1: a\n"1": b\n', ['f:2:1 yaml/duplicate-key: 1 stands here twice']],
    ['__proto__: 1\n', ['f:1:1 yaml/forbidden: __proto__ may not be the name of anything']],
    [
      'a: {constructor: 1}\n',
      ['f:1:5 yaml/forbidden: constructor may not be the name of anything'],
    ],
    ['"prototype": 1\n', ['f:1:1 yaml/forbidden: prototype may not be the name of anything']],
    ['~: 1\n', ['f:1:1 yaml/forbidden: a key must be a text']],
    ['? [a, b]\n: 1\n', ['f:1:3 yaml/forbidden: a key must be a text']],
    ['a:\n\tb: 1\n', ['f:2:1 yaml/syntax: tabs are not allowed as indentation']],
    ['a: "\\0"\n', ['f:1:4 yaml/not-text: a text may not hold U+0000']],
    ['a: \u0007\n', ['f:1:4 yaml/not-text: the control character U+0007 does not belong here']],
  ];
  for (const [text, expected] of cases) t.deepEqual(lines(text), expected, text);
  t.is(({} as Record<string, unknown>)['polluted'], undefined);
});

test('signs of YAML inside texts are just signs', (t) => {
  const text = 'a: |\n  !x\n  *y\n  &z %d\nb: "!x"\nc: \'*y\'\nd: a & b * c ! d\ne: a<<b\n';
  t.deepEqual(lines(text), []);
});

test('syntax errors have a place', (t) => {
  for (const text of [
    'a: [1\nb: 2\n',
    'a: "x\n',
    'a: b: c\n',
    'a: 1\n b: 2\n',
    '- a\nb: 1\n',
    ']',
  ]) {
    const {problems, node} = read(text);
    t.is(problems.length, 1, text);
    t.is(problems[0]?.code, 'yaml/syntax', text);
    t.not(problems[0]?.at, undefined);
    t.is(node, undefined);
  }
});

test('a variable without quotes between brackets is a mistake with a remedy', (t) => {
  t.deepEqual(lines('a: {b: x-${c}, d: e}\nf: 1\n'), [
    'f:1:11 yaml/syntax: unexpected flow-map-start at node end (between brackets a text with ${…} needs quotes)',
  ]);
  t.deepEqual(lines('a: x-${c}\nb: {c: "${d}"}\n'), []);
});

test('several mistakes of one file are all found', (t) => {
  t.is(lines('a: &x 1\na: 2\nb: !t 3\n__proto__: 1\n').length, 4);
});

test('bytes that are no UTF-8 are shown with their place', (t) => {
  t.deepEqual(lines(Buffer.from([0x61, 0x3a, 0x20, 0x31, 0x0a, 0x62, 0xff])), [
    'f:2:2 yaml/not-text: the byte 0xff is not valid UTF-8 (save the file as UTF-8)',
  ]);
  t.deepEqual(lines(Buffer.from([0xff, 0xfe, 0x61, 0x00])), [
    'f:1:1 yaml/not-text: the byte 0xff is not valid UTF-8 (save the file as UTF-8)',
  ]);
  t.deepEqual(lines('a: \ufffd\n'), []);
});

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test('32 levels are read, 33 are not', (t) => {
  t.deepEqual(lines(nested(33)), []);
  t.regex(lines(nested(34))[0] ?? '', /^f:1:34 yaml\/too-deep/);
});

const MEBIBYTE = 1024 * 1024;

test('1 MiB is read, one byte more is not', (t) => {
  t.deepEqual(lines(`a: ${'x'.repeat(MEBIBYTE - 3)}`), []);
  t.regex(
    lines(`a: ${'x'.repeat(MEBIBYTE - 2)}`)[0] ?? '',
    /yaml\/too-large: the file has more than 1048576 bytes/,
  );
});

const HOSTILE: Readonly<Record<string, string>> = {
  'billion laughs': Array.from(
    {length: 9},
    (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`,
  ).join('\n'),
  '20,000 aliases': `a: &a 1\nb: [${'*a,'.repeat(20_000)}]`,
  '350,000 aliases': `[${'*a,'.repeat(349_000)}]`,
  'open brackets': '['.repeat(MEBIBYTE),
  'open braces': '{'.repeat(MEBIBYTE),
  'nested lists': '- '.repeat(MEBIBYTE / 2),
  'nested complex keys': '? '.repeat(MEBIBYTE / 2),
  'nested maps': 'a: '.repeat(MEBIBYTE / 3),
  'closed brackets': ']'.repeat(MEBIBYTE),
  tags: '! '.repeat(MEBIBYTE / 2),
  documents: '---\n'.repeat(MEBIBYTE / 4),
  directives: '%a\n'.repeat(MEBIBYTE / 3),
  'keys without end': Array.from({length: 100_000}, (_, i) => `k${i}:`).join('\n'),
  'the same key': 'a:\n'.repeat(MEBIBYTE / 3),
  comments: '#\n'.repeat(MEBIBYTE / 2),
  'an open quote': `a: "${'x\n'.repeat(MEBIBYTE / 2 - 4)}`,
  tabs: 'a:\n\t'.repeat(MEBIBYTE / 4),
  escapes: `a: "${'\\"'.repeat(MEBIBYTE / 2 - 4)}"`,
};

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`hostile input is refused quickly: ${name}`, (t) => {
    const before = process.cpuUsage();
    const {problems} = read(text);
    const {user, system} = process.cpuUsage(before);
    t.true(name === 'escapes' || problems.length > 0);
    t.true(problems.length <= 100);
    // What took seconds before the limits takes some 150 ms; the rest is for a loaded machine.
    t.true(user + system < 6_000_000, `${(user + system) / 1000} ms`);
  });
}
