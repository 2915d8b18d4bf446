import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {StagedSource} from '../../../engine/sandbox/protocol.ts';
import {openRig, type BuildPlan, type Rig} from './rig.ts';

let rig: Rig | undefined;
let end: () => Promise<void> = () => Promise.resolve();

test.before(async (t) => {
  rig = await openRig(t, (close) => (end = close));
});

test.after.always(() => end());

type Unpack = NonNullable<StagedSource['unpack']>;

function run(t: ExecutionContext, cwd: string, ...argv: string[]): void {
  const done = spawnSync(argv[0] ?? '', argv.slice(1), {cwd, encoding: 'utf8'});
  t.is(done.status, 0, `${argv.join(' ')}: ${done.stderr}`);
}

/** A folder `it-1` with a few files, packed. */
function packed(t: ExecutionContext, name: string, ...options: string[]): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-unpack-'));
  t.teardown(() => fs.rmSync(folder, {recursive: true}));
  fs.mkdirSync(path.join(folder, 'it-1/sub/deep'), {recursive: true});
  fs.writeFileSync(path.join(folder, 'it-1/configure'), '#!/bin/sh\n', {mode: 0o777});
  fs.writeFileSync(path.join(folder, 'it-1/sub/deep/file'), 'deep\n');
  fs.writeFileSync(path.join(folder, 'it-1/text'), 'one\ntwo\nthree\n');
  fs.chmodSync(path.join(folder, 'it-1/configure'), 0o777);
  fs.utimesSync(path.join(folder, 'it-1/text'), 1e9, 1e9);
  run(t, folder, 'tar', '-c', ...options, '-f', name, 'it-1');
  return path.join(folder, name);
}

function archive(file: string, format: Unpack['format'], how: Partial<Unpack> = {}): StagedSource {
  const blob = rig?.importFile(file);
  if (blob === undefined) throw new Error('no rig');
  const unpack = {format, into: 'it-1', strip: 1, subdir: undefined, inner: undefined, ...how};
  return {name: path.basename(file), content: {type: 'file', blob}, unpack};
}

const LIST = 'find . -type f | LC_ALL=C sort; stat -c "%a %U:%G %Y" configure text';

const FORMATS = {
  tar: [],
  'tar.gz': ['--gzip'],
  'tar.xz': ['--xz'],
  'tar.bz2': ['--bzip2'],
  'tar.zst': ['--zstd'],
} as const;

for (const [format, options] of Object.entries(FORMATS)) {
  test(`unpacking ${format}: modes by the umask, owners 0, times kept`, async (t) => {
    if (rig === undefined) return t.pass();
    const program = options[0]?.slice(2);
    if (program !== undefined && spawnSync(program, ['--version']).error !== undefined) {
      t.log(`SKIPPED: ${program} is missing`);
      return t.pass();
    }
    const file = packed(t, `it-1.${format}`, ...options, '--owner=77', '--group=88');
    const sources = [archive(file, format as Unpack['format'])];
    const {log} = await rig.build({sources, script: `pwd; ${LIST}; ls ..`});
    const expected = [
      ...['/build/it-1', './configure', './sub/deep/file', './text'],
      ...[`755 root:root ${fs.statSync(path.join(path.dirname(file), 'it-1/configure')).mtimeMs}`],
      ...['644 root:root 1000000000', 'it-1', `it-1.${format}`, ''],
    ];
    expected[4] =
      expected[4]?.replace(/\d+(\.\d+)?$/, (ms) => String(Math.floor(Number(ms) / 1000))) ?? '';
    t.is(log, expected.join('\n'));
  });
}

test('one folder of an archive, and an archive inside an archive', async (t) => {
  if (rig === undefined) return t.pass();
  const inner = packed(t, 'inner.tar.gz', '--gzip');
  const folder = path.dirname(inner);
  fs.mkdirSync(path.join(folder, 'outer-2'));
  fs.renameSync(inner, path.join(folder, 'outer-2/inner.tar.gz'));
  run(t, folder, 'tar', '-cf', 'outer.tar', 'outer-2');
  const outer = path.join(folder, 'outer.tar');
  const sources = [
    archive(outer, 'tar', {into: 'a', inner: 'outer-2/inner.tar.gz'}),
    {...archive(outer, 'tar', {into: 'b', inner: 'inner.tar.gz', subdir: 'sub'}), name: 'second'},
    {...archive(outer, 'tar', {into: 'c/d', strip: 0}), name: 'third'},
  ];
  const {log} = await rig.build({sources, script: 'cd ..; find a b c -type f | sort; ls -A'});
  t.is(
    log,
    'a/configure\na/sub/deep/file\na/text\nb/deep/file\nc/d/outer-2/inner.tar.gz\n' +
      'a\nb\nc\nit-1\nouter.tar\nsecond\nthird\n',
  );
});

test('patches are applied in the top folder; sources lie there read-only', async (t) => {
  if (rig === undefined) return t.pass();
  const file = packed(t, 'it-1.tar');
  const patch = '--- a/text\n+++ b/text\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n';
  const blob = rig.storeFile(patch);
  const plan: BuildPlan = {
    sources: [archive(file, 'tar')],
    patches: [{name: 'it.patch', blob, strip: 1}],
  };
  const {log} = await rig.build({
    ...plan,
    script: 'cat text; cmp ../it.patch ../it.patch; (echo x >>../it.patch) 2>/dev/null || echo no',
  });
  t.is(log, 'patch it.patch\npatching file text\none\nTWO\nthree\nno\n');

  const twice = [...(plan.patches ?? []), {name: 'again.patch', blob, strip: 1}];
  const failed = await rig.failing({...plan, patches: twice, script: 'echo never'});
  t.is(failed.step, 'patch');
  t.regex(failed.log, /previously applied/);
  t.false(failed.log.includes('never'));
});

test('a damaged archive fails in the step unpack', async (t) => {
  if (rig === undefined) return t.pass();
  const file = packed(t, 'it-1.tar.gz', '--gzip');
  fs.truncateSync(file, 60);
  const failed = await rig.failing({sources: [archive(file, 'tar.gz')], script: 'echo never'});
  t.is(failed.step, 'unpack');
  t.deepEqual(failed.codes, ['step/failed']);
});

test('folder sources are copies that may be written to', async (t) => {
  if (rig === undefined) return t.pass();
  const {tree} = rig.layer('x/source', {'src/main.c': 'int main;', 'doc/a': 'a'});
  const unpack = {
    format: 'tar' as const,
    into: 'it-1',
    strip: 1,
    subdir: undefined,
    inner: undefined,
  };
  const content = {type: 'tree' as const, tree};
  const sources = [
    {name: 'source', content, unpack},
    {name: 'plain', content, unpack: undefined},
    {name: 'part', content, unpack: {...unpack, into: 'only', subdir: 'doc'}},
  ];
  const script = 'echo more >>src/main.c; cat src/main.c; ls ../plain ../only';
  const {log} = await rig.build({sources, script});
  t.is(log, 'int main;more\n../only:\na\n\n../plain:\ndoc\nsrc\n');
  t.is((await rig.build({sources, script: 'cat src/main.c'})).log, 'int main;');
});

test('a folder that a folder source does not have', async (t) => {
  if (rig === undefined) return t.pass();
  const {tree} = rig.layer('x/source', {'src/main.c': 'int main;'});
  const unpack = {format: 'tar' as const, into: 'it-1', strip: 1, subdir: 'doc', inner: undefined};
  const sources = [{name: 'source', content: {type: 'tree' as const, tree}, unpack}];
  t.deepEqual((await rig.failing({sources})).codes, ['sandbox/no-subdir']);
});

test('a kept /build is taken up again, and unpacking is not repeated', async (t) => {
  if (rig === undefined) return t.pass();
  const sources = [archive(packed(t, 'it-1.tar'), 'tar')];
  const keep = {always: true, folder: 'kept/key'};
  await rig.build({sources, script: 'echo built >made; rm text', request: {keep}});
  t.true(fs.existsSync(rig.inStore('kept/key/build')));
  const {log, result} = await rig.build({
    ...{sources, script: 'ls; ls ..', capture: undefined},
    request: {resume: 'kept/key'},
  });
  t.is(log, 'configure\nmade\nsub\nit-1\nit-1.tar\n');
  t.is(result.outcome === 'ok' ? result.tree : 'failed', undefined);
  t.false(fs.existsSync(rig.inStore('kept/key/build')));
});

test('what a failed build leaves is kept', async (t) => {
  if (rig === undefined) return t.pass();
  const keep = {always: false, folder: 'failed/key'};
  const script = 'mkdir d; cd d; echo x >$DESTDIR/made; false';
  const failed = await rig.failing({script, request: {keep}});
  t.is(failed.kept, 'failed/key');
  t.deepEqual(fs.readdirSync(rig.inStore('failed/key')).sort(), ['build', 'merged', 'status']);
  await rig.build({script: ':', request: {keep: {always: false, folder: 'failed/other'}}});
  t.false(fs.existsSync(rig.inStore('failed/other')));
});
