/**
 * Hostile exports given to `store import`: refused with one message, the store as it was. Whoever
 * made them knows the format and gets every digest right. Time and memory of each are printed.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {Table, measured} from '../support/peak.ts';
import {recipes} from '../support/recipes.ts';
import {storePrint} from '../support/remains.ts';
import {Space} from '../support/space.ts';
import {pax, rawEntry, tar, type RawEntry} from '../unit/source/tar-bytes.ts';

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

const table = new Table();
type Json = Readonly<Record<string, unknown>>;

/** What an export is made of. */
interface Parts {
  readonly blobs: readonly (readonly [mode: string, content: string])[];
  readonly trees: readonly string[];
  /** As text, where no JSON.stringify would write it. */
  readonly records: readonly (Json | {readonly key: string; readonly text: string})[];
  readonly head?: Json;
}

const place = (kind: string, digest: string): string =>
  `${kind}/${digest.slice(0, 2)}/${digest.slice(2)}`;

const TREE = (lines: readonly string[]): string =>
  ['#mtree', '. type=dir', ...lines, ''].join('\n');
const MANIFEST = ['label = t/evil'];
const KEY = sha256('label = t/evil\n');
const NODE = 'uid=0 gid=0';
const CONTENT = 'x\n';
const GOOD_FILE = `./a type=file mode=0644 ${NODE} size=2 sha256digest=${sha256(CONTENT)}`;

function recordFor(tree: string, more: Json = {}): Json {
  return {
    ...{format: 1, key: KEY, recipeKey: KEY, label: 't/evil', kind: 'build', outcome: 'ok'},
    ...{tree, manifest: MANIFEST, finishedAt: 1},
    provenance: {
      ...{sources: [], milliseconds: 1, cpuMilliseconds: 1, peakBytes: 1, log: 'l', engine: '1'},
      ...{idMode: 'range', host: false, copiedRoot: false},
    },
    ...more,
  };
}

function seal(text: string): string {
  return `${text}\nsha256 ${sha256(`${text}\n`)}\n`;
}

/** An export with one tree of these lines, and a record of it that says more. */
function evil(lines: readonly string[], more: Json = {}): Parts {
  const tree = TREE(lines);
  return {blobs: [['644', CONTENT]], trees: [tree], records: [recordFor(sha256(tree), more)]};
}

function entriesOf({blobs, trees, records, head}: Parts): RawEntry[] {
  const keyed = records.map((one) => ({key: String(one['key']), one}));
  const parts = [
    ...blobs.map(([mode, content]) => ({
      name: `${place('files', sha256(content))}.${mode}`,
      content,
    })),
    ...trees.map((text) => ({name: place('trees', sha256(text)), content: text})),
    ...keyed.map(({key, one}) => ({
      name: place('records', key),
      content: 'text' in one ? String(one['text']) : seal(JSON.stringify(one)),
    })),
  ];
  const artifacts = records.map((one) => ({
    ...{label: 't/evil', key: one['key'], tree: 'tree' in one ? one['tree'] : KEY},
  }));
  const counts = {files: blobs.length, trees: trees.length, records: records.length};
  const content = `${JSON.stringify({format: 1, artifacts, ...counts, ...head})}\n`;
  return [{name: 'recipes-export', content}, ...parts];
}

const GOOD = evil([GOOD_FILE]);
const goodEntries = entriesOf(GOOD);

/** A good export with one more entry before its records. */
function withEntry(entry: RawEntry): Buffer {
  return tar(...goodEntries.slice(0, -1), entry, ...goodEntries.slice(-1));
}

/** JSON that is nested this deep, as the value of a field nobody looks at. */
function deepRecord(depth: number): Parts {
  const tree = TREE([GOOD_FILE]);
  const open = JSON.stringify(recordFor(sha256(tree))).slice(0, -1);
  const text = seal(`${open},"failure":${'['.repeat(depth)}${']'.repeat(depth)}}`);
  return {blobs: GOOD.blobs, trees: [tree], records: [{key: KEY, text, tree: sha256(tree)}]};
}

const provenance = (more: Json): Json => ({
  provenance: {...(recordFor('')['provenance'] as Json), ...more},
});
const asTar = (parts: Parts): Buffer => tar(...entriesOf(parts));
const line = (path: string, rest: string): string => `./${path} type=${rest}`;

const HOSTILE: Readonly<Record<string, () => Buffer>> = {
  'an entry that leads out': () => withEntry({name: '../../canary', content: 'x'}),
  'an absolute entry': () => withEntry({name: '/etc/passwd', content: 'x'}),
  'an entry of another part of the store': () => withEntry({name: 'actions.log', content: 'x'}),
  'a name with a terminal escape': () => withEntry({name: '\x1b]0;x\x07\x1b[2J', content: 'x'}),
  'a link': () => withEntry({name: place('trees', KEY), type: '2', link: '/etc/passwd'}),
  'a hard link': () => withEntry({name: place('trees', KEY), type: '1', link: '/etc/passwd'}),
  'a device': () => withEntry({name: place('trees', KEY), type: '3'}),
  'a fifo': () => withEntry({name: place('trees', KEY), type: '6'}),
  'a pax header': () => withEntry(pax([['path', place('trees', KEY)]])),
  'a global header': () => withEntry(pax([['size', '1']], 'g')),
  'a size of 2^53 - 1': () => withEntry({name: place('trees', KEY), size: 2 ** 53 - 1}),
  'a negative size': () => withEntry({name: place('trees', KEY), size: '\xff'.repeat(12)}),
  'a manifest of 200 MB of zeros': () =>
    tar(
      {name: 'recipes-export', content: goodEntries[0]?.content ?? ''},
      {
        name: place('trees', KEY),
        content: Buffer.alloc(200_000_000),
      },
    ),
  'two hundred manifests of 1 MiB': () => {
    const trees = Array.from({length: 200}, (_, at) => `#${String(at)} ${'x'.repeat(1 << 20)}`);
    return asTar({...GOOD, trees: trees.sort((a, b) => (sha256(a) < sha256(b) ? -1 : 1))});
  },
  'other bytes': () => withEntry({name: place('trees', KEY), content: 'x'}),
  'out of order': () => tar(...goodEntries.slice(0, 1), ...goodEntries.slice(1).reverse()),
  'twice the same': () => withEntry(goodEntries[2] ?? {name: ''}),
  'a tree that leads out': () => asTar(evil([line('../x', `dir mode=0755 ${NODE}`)])),
  'a tree through a link': () =>
    asTar(
      evil([
        line('a', `link mode=0777 ${NODE} link=/etc`),
        line('a/b', `file mode=0644 ${NODE} size=2 sha256digest=${sha256(CONTENT)}`),
      ]),
    ),
  'a tree whose hard link is of another file': () =>
    asTar(evil([GOOD_FILE, '#hardlink ./no', GOOD_FILE.replace('./a', './b')])),
  'a tree that lies about a size': () => asTar(evil([GOOD_FILE.replace('size=2', 'size=1')])),
  'a tree with a file nobody has': () => asTar(evil([GOOD_FILE.replace(sha256(CONTENT), KEY)])),
  'a mode beyond all': () => asTar(evil([GOOD_FILE.replace('0644', '77777')])),
  'an owner beyond all': () => asTar(evil([GOOD_FILE.replace('uid=0', 'uid=4294967296')])),
  'a record for another key': () => asTar(evil([GOOD_FILE], {manifest: ['label = t/other']})),
  'a record with a label of escapes': () => asTar(evil([GOOD_FILE], {label: '\x1b[31mx'})),
  'a record with a label that leads out': () => asTar(evil([GOOD_FILE], {label: '../../x'})),
  'a record with a log elsewhere': () =>
    asTar(evil([GOOD_FILE], provenance({log: '../../../etc/passwd'}))),
  'a record with numbers beyond all': () => {
    const tree = TREE([GOOD_FILE]);
    const text = JSON.stringify(recordFor(sha256(tree)));
    const huge = seal(text.replace('"finishedAt":1', '"finishedAt":1e999'));
    return asTar({...GOOD, records: [{key: KEY, text: huge, tree: sha256(tree)}]});
  },
  'a record of nothing': () =>
    asTar({...GOOD, records: [{key: KEY, text: seal('null'), tree: KEY}]}),
  'a record that is a list': () =>
    asTar({...GOOD, records: [{key: KEY, text: seal('[]'), tree: KEY}]}),
  'a head of nothing': () => tar({name: 'recipes-export', content: 'null'}),
  'a head nested deep': () => tar({name: 'recipes-export', content: '['.repeat(5_000_000)}),
  'a head of a million lists': () =>
    tar({
      name: 'recipes-export',
      content: `{"format":1,"artifacts":[${'[],'.repeat(1_390_000)}[]]}`,
    }),
  'a manifest of 300,000 files and one wrong line': () =>
    asTar(
      evil([
        ...Array.from({length: 300_000}, (_, at) =>
          GOOD_FILE.replace('./a', `./${String(1e6 + at)}`),
        ),
        line('x', `dir mode=9999 ${NODE}`),
      ]),
    ),
  'a head of many artifacts': () => asTar({...GOOD, head: {artifacts: Array<unknown>(9).fill({})}}),
  'a head with another count': () => asTar({...GOOD, head: {trees: 1e300}}),
  'a head for artifacts that are not there': () =>
    asTar({...GOOD, records: [], head: {artifacts: [{label: 't/x', key: KEY, tree: KEY}]}}),
  'a wrong checksum': () => withEntry({name: place('trees', KEY), badSum: true}),
  'no end': () => tar(...goodEntries).subarray(0, -1024),
  'something after its end': () => Buffer.concat([tar(...goodEntries), Buffer.from('x')]),
  'gigabytes after its end': () => tar(...goodEntries),
  'half a header': () => rawEntry({name: 'recipes-export'}).subarray(0, 300),
  'nothing at all': () => Buffer.alloc(0),
  zeros: () => Buffer.alloc(1 << 20),
  noise: () => Buffer.from(Array.from({length: 4096}, (_, at) => (at * 167) % 256)),
  'another tar': () => tar({name: 'p/a', content: 'x'}),
};

/** A project with an empty store. */
async function emptyStore(): Promise<Space> {
  const space = Space.create(recipes({'t/a': {}}));
  await space.expect(4, ['store', 'import', '/dev/null']);
  return space;
}

async function refused(t: ExecutionContext, name: string, make: () => Buffer): Promise<void> {
  await using space = await emptyStore();
  const before = storePrint(space);
  space.write('evil.tar', make());
  // A file with a hole costs its maker nothing.
  if (name.startsWith('gigabytes')) fs.truncateSync(space.at('evil.tar'), 64 * 2 ** 30);
  const ran = await measured(space, ['store', 'import', 'evil.tar']);
  t.is(ran.status, 4, space.report());
  t.is(ran.stderr.split('store/bad-export').length, 2, space.report());
  t.notRegex(ran.stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  t.is(storePrint(space), before, 'the store is untouched');
  table.add(t, `export: ${name}`, ran);
}

for (const [name, make] of Object.entries(HOSTILE)) {
  test.serial(`export: ${name}`, (t) => refused(t, name, make));
}

test.serial('what it must not be mistaken for: a good one of the same kind', async (t) => {
  await using space = await emptyStore();
  space.write('good.tar', asTar(GOOD));
  await space.expect(0, ['store', 'import', 'good.tar']);
  await space.expect(0, ['store', 'verify', '--full']);
  t.pass();
});

test.serial('fields nobody knows are inert', async (t) => {
  const names = ['__proto__', 'constructor', 'toString'];
  const tree = TREE([GOOD_FILE]);
  const text = JSON.stringify(recordFor(sha256(tree))).slice(0, -1);
  const more = names.map((one) => `,"${one}":{"polluted":true,"kind":"x"}`).join('');
  await using space = await emptyStore();
  const evilRecord = {key: KEY, text: seal(`${text}${more}}`), tree: sha256(tree)};
  space.write('evil.tar', asTar({...GOOD, records: [evilRecord]}));
  const ran = await measured(space, ['store', 'import', 'evil.tar']);
  t.true(ran.status === 0 || /store\/bad-export/.test(ran.stderr), space.report());
  await space.expect(0, ['store', 'verify', '--full']);
  table.add(t, 'export: fields nobody knows', ran);
});

test.serial('a record nested 1,000,000 deep', async (t) => {
  await using space = await emptyStore();
  space.write('evil.tar', asTar(deepRecord(1_000_000)));
  const ran = await measured(space, ['store', 'import', 'evil.tar']);
  t.true(ran.status === 0 || /store\/bad-export/.test(ran.stderr), space.report());
  await space.expect(0, ['store', 'verify', '--full']);
  table.add(t, 'export: a record nested 1,000,000 deep', ran);
});

test.serial('a folder is no export, and no file neither', async (t) => {
  await using space = await emptyStore();
  for (const name of ['recipes', 'nowhere', '\x1b[31mred']) {
    const {status, stderr} = await space.run(['store', 'import', name]);
    t.true(status === 2 || status === 4, space.report());
    t.notRegex(stderr, /bug in recipes|\x1b/);
  }
});

test.serial('what all of it took', (t) => {
  table.log(t);
});
