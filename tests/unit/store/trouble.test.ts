/** Full disks, read-only disks, disks that fail: said plainly, and nothing half done is left. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {guard, StoreFault, storeTrouble} from '../../../store/trouble.ts';
import {putBytes} from '../../../store/pool.ts';
import {writeTree} from '../../../store/trees.ts';
import {
  emptyStore,
  file,
  filesBelow,
  folder,
  has,
  isRoot,
  skip,
  startPuppet,
  type Puppet,
} from './rig.ts';

// --- errors to diagnostics ---------------------------------------------------------------------------

function systemError(code: string, extra: object = {}): Error {
  return Object.assign(new Error(`${code}: it says so, write`), {code, ...extra});
}

const codes: readonly (readonly [string, string])[] = [
  ['ENOSPC', 'store/full'],
  ['EDQUOT', 'store/full'],
  ['Unknown system error -122', 'store/full'],
  ['EFBIG', 'store/full'],
  ['EROFS', 'store/unusable'],
  ['EACCES', 'store/unusable'],
  ['EIO', 'store/unusable'],
  ['EMFILE', 'store/unusable'],
];
for (const [errno, code] of codes) {
  test(`${errno} is ${code}, with the place`, (t) => {
    const [known] = storeTrouble(systemError(errno, {path: '/s/tmp/x', dest: '/s/files/y'}), '/s');
    t.is(known?.code, code as never);
    t.regex(known?.message ?? '', /\/s\/tmp\/x → \/s\/files\/y.*E[A-Z]+/);
    const [unknown] = storeTrouble(systemError(errno), Buffer.from('/s'));
    t.regex(unknown?.message ?? '', / \/s: /);
  });
}

test('faults keep their diagnostics, bugs fly on', (t) => {
  const diagnostics = [{code: 'store/corrupt', severity: 'error', message: 'x'}] as const;
  t.is(storeTrouble(new StoreFault(diagnostics), '/s'), diagnostics);
  t.throws(() => storeTrouble(new TypeError('a bug'), '/s'), {instanceOf: TypeError});
  t.throws(() => storeTrouble(Object.assign(new Error('x'), {code: 7}), '/s'), {message: 'x'});
  const thrown = (error: Error) => () => {
    throw error;
  };
  t.throws(() => guard('/s', thrown(new RangeError('a bug'))), {instanceOf: RangeError});
  t.like(guard('/s', thrown(systemError('ENOSPC'))), {ok: false, error: [{code: 'store/full'}]});
  t.deepEqual(
    guard('/s', () => 7),
    {ok: true, value: 7},
  );
});

// --- a small disk ------------------------------------------------------------------------------------

/** A process with a tmpfs of its own at a folder; undefined, and said, where that cannot be. */
function onSmallDisk(t: ExecutionContext, at: string, options: string): Puppet | undefined {
  const unshare = isRoot
    ? ['unshare', '--mount']
    : ['unshare', '--user', '--map-root-user', '--mount'];
  const mount = `mount -t tmpfs -o ${options} none '${at}' && exec "$@"`;
  const around = [...unshare, 'sh', '-c', mount, 'sh'];
  if (works([...around, 'true'])) return startPuppet(around);
  skip(t, 'mount namespaces (unshare --mount)');
  return undefined;
}

function works(argv: readonly string[]): boolean {
  return spawnSync(argv[0] ?? '', argv.slice(1)).status === 0;
}

interface Failed {
  readonly ok: boolean;
  readonly error: readonly {readonly code: string}[];
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  const checked = (await answer) as Failed;
  return checked.ok ? 'ok' : (checked.error[0]?.code ?? '');
}

test('a full disk: nothing half stored, and after making room the same works', async (t) => {
  const at = folder(t);
  const big = path.join(folder(t), 'big');
  fs.writeFileSync(big, Buffer.alloc(200_000, 'x'));
  await using puppet = onSmallDisk(t, at, 'size=512k') ?? stopped();
  if (puppet === noPuppet) return;
  const store = path.join(at, 'store');
  t.is(await codeOf(puppet.ask('open', store)), 'ok');
  t.like(await puppet.ask('fill', path.join(at, 'ballast')), [{code: 'store/full'}]);
  const stored = ((await puppet.ask('names', store)) as string[]).sort();
  t.is(await codeOf(puppet.ask('putFile', big, 0o644)), 'store/full');
  t.is(await codeOf(puppet.ask('importFolder', path.dirname(big))), 'store/full');
  t.is(await codeOf(puppet.ask('open', store)), 'store/full');
  await t.throwsAsync(puppet.ask('put', 'x'.repeat(5000), 0o644), {message: /ENOSPC/});
  await t.throwsAsync(puppet.ask('writeTree', [file('a', 'x')]), {message: /ENOSPC/});
  const left = ((await puppet.ask('names', store)) as string[]).filter(
    (one) => !/^\w+\/..$/.test(one),
  );
  t.deepEqual(left.sort(), stored);
  await puppet.ask('remove', path.join(at, 'ballast'));
  t.is(await codeOf(puppet.ask('putFile', big, 0o644)), 'ok');
});

test('a checkout that does not fit leaves nothing', async (t) => {
  const at = folder(t);
  const store = emptyStore(t);
  const content = 'x'.repeat(300_000);
  putBytes(store, content, 0o644);
  await using puppet = onSmallDisk(t, at, 'size=200k') ?? stopped();
  if (puppet === noPuppet) return;
  t.is(await codeOf(puppet.ask('open', store.root)), 'ok');
  t.is(
    await codeOf(puppet.ask('checkOut', [file('a', content)], path.join(at, 'out'))),
    'store/full',
  );
  t.deepEqual(await puppet.ask('names', at), []);
});

test('no inodes left: the same', async (t) => {
  const at = folder(t);
  await using puppet = onSmallDisk(t, at, 'nr_inodes=24') ?? stopped();
  if (puppet === noPuppet) return;
  const store = path.join(at, 'store');
  t.is(await codeOf(puppet.ask('open', store)), 'ok');
  const texts = Array.from({length: 20}, (_, n) => `text ${n}`);
  const many = folder(t);
  for (const text of texts) fs.writeFileSync(path.join(many, text), text);
  await t.throwsAsync(puppet.ask('putMany', texts), {message: /ENOSPC/});
  t.is(await codeOf(puppet.ask('importFolder', many)), 'store/full');
  const names = (await puppet.ask('names', path.join(store, 'tmp'))) as string[];
  t.deepEqual(names, []);
});

test('no room even for a new store', async (t) => {
  const at = folder(t);
  await using puppet = onSmallDisk(t, at, 'nr_inodes=8') ?? stopped();
  if (puppet === noPuppet) return;
  t.is(await codeOf(puppet.ask('open', path.join(at, 'store'))), 'store/full');
});

// --- read-only, failing ------------------------------------------------------------------------------

test('a read-only store can be read, and says why it cannot be written', async (t) => {
  const store = emptyStore(t);
  const tree = writeTree(store, [file('a', 'x')]);
  const unshare = isRoot
    ? ['unshare', '--mount']
    : ['unshare', '--user', '--map-root-user', '--mount'];
  const at = `'${store.root}'`;
  const mount = `mount --bind ${at} ${at} && mount -o remount,bind,ro ${at} && exec "$@"`;
  const around = [...unshare, 'sh', '-c', mount, 'sh'];
  if (!works([...around, 'true'])) return skip(t, 'mount namespaces (unshare --mount)');
  await using puppet = startPuppet(around);
  t.is(await codeOf(puppet.ask('open', store.root)), 'store/unusable');
  t.is(await codeOf(puppet.ask('openToRead', store.root)), 'ok');
  t.is(await codeOf(puppet.ask('readTree', tree)), 'ok');
  t.is(await codeOf(puppet.ask('putFile', '/etc/hostname', 0o644)), 'store/unusable');
  await t.throwsAsync(puppet.ask('openRun'), {message: /EROFS/});
});

test('a failed fsync: the file is not in the store', async (t) => {
  if (!has('strace')) return skip(t, 'strace');
  const store = emptyStore(t);
  const inject = ['-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=1'];
  const around = ['strace', '-f', '-qq', '-o', '/dev/null', ...inject];
  if (spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status !== 0) {
    return skip(t, 'permission to trace');
  }
  await using puppet = startPuppet(around);
  t.is(await codeOf(puppet.ask('open', store.root)), 'ok');
  t.is(await codeOf(puppet.ask('putFile', '/etc/hostname', 0o644)), 'store/unusable');
  t.deepEqual(filesBelow(path.join(store.root, 'files')), []);
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
});

const noPuppet: Puppet = {
  ask: () => Promise.resolve(undefined),
  kill: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
function stopped(): Puppet {
  return noPuppet;
}
