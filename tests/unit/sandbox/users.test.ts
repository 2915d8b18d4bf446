import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {asUser, PUPPET, startEngine, userWithRange} from './engine.ts';

/** An id without a name, so without subordinate ids. */
const NOBODY_WE_KNOW = 54_321;

const OWNERS = 'cd $DESTDIR; echo x >a; chown 12:34 a; ls -ln a; chmod 4755 a';

test('a user with subordinate ids can do all that root can', async (t) => {
  const uid = userWithRange();
  const before = uid === undefined ? 'no user has subordinate ids' : asUser(uid);
  if (typeof before === 'string') {
    t.log(`SKIPPED: ${before}`);
    return t.pass();
  }
  const engine = startEngine({builds: [{script: OWNERS}]}, before);
  t.is((await engine.heard('ready'))?.ready, 'range', engine.errors);
  const {result, log} = (await engine.heard('result')) ?? {};
  t.is(result?.value?.outcome, 'ok', JSON.stringify(result));
  t.regex(log ?? '', / 12 34 /);
  await engine.ended;
});

test('without subordinate ids builds run, and a chown that fails is explained', async (t) => {
  const before = asUser(NOBODY_WE_KNOW);
  if (typeof before === 'string') {
    t.log(`SKIPPED: ${before}`);
    return t.pass();
  }
  const plain = {script: 'echo x >$DESTDIR/a; chown 0:0 $DESTDIR/a; chmod 4755 $DESTDIR/a'};
  const engine = startEngine({builds: [{script: OWNERS}, plain]}, before);
  t.is((await engine.heard('ready'))?.ready, 'single', engine.errors);
  await engine.ended;
  const [first, second] = engine.said.filter((one) => one.result !== undefined);
  t.is(first?.result?.value?.outcome, 'failed');
  t.regex(JSON.stringify(first?.result?.value?.diagnostics), /usermod --add-subuids/);
  t.is(second?.result?.value?.outcome, 'ok', JSON.stringify(second));
});

test('a narrow umask does not reach the worker', async (t) => {
  const script = 'umask; mkdir $DESTDIR/d; stat -c %a $DESTDIR $DESTDIR/d /build /etc /tmp';
  const engine = startEngine({umask: 0o077, builds: [{script}]});
  const said = await engine.heard('result');
  if (said === undefined) {
    t.log(`SKIPPED: ${engine.output}`);
    return t.pass();
  }
  t.is(said.log, '0022\n755\n755\n755\n755\n1777\n');
  await engine.ended;
});

test('code and Node that only root can read', async (t) => {
  if (process.getuid?.() !== 0) {
    t.log('SKIPPED: needs root');
    return t.pass();
  }
  const closed = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-closed-'));
  t.teardown(() => fs.rmSync(closed, {recursive: true}));
  const project = path.resolve(path.dirname(PUPPET), '../../../..');
  for (const part of ['engine', 'store', 'tests/unit/sandbox']) {
    fs.cpSync(path.join(project, 'dist', part), path.join(closed, 'dist', part), {recursive: true});
  }
  fs.copyFileSync(path.join(project, 'package.json'), path.join(closed, 'package.json'));
  fs.symlinkSync(path.join(project, 'node_modules'), path.join(closed, 'node_modules'));
  const node = path.join(closed, 'node');
  fs.copyFileSync(process.execPath, node);
  spawnSync('chmod', ['-R', 'go-rwx', closed]);
  const puppet = path.join(closed, 'dist/tests/unit/sandbox/puppet.js');
  const engine = startEngine({builds: [{script: 'echo up'}]}, [], [node, puppet]);
  t.is((await engine.heard('result'))?.log, 'up\n', engine.output + engine.errors);
  await engine.ended;
});
