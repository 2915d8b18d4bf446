import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import {findTool, fingerprint} from '../../../engine/sandbox/host-tools.ts';
import {isChroot} from '../../../engine/sandbox/machine-trouble.ts';
import {probeMachine} from '../../../engine/sandbox/probes.ts';
import {absentPrograms} from '../../../engine/sandbox/programs.ts';
import {asUser} from './engine.ts';
import {openStore} from '../../../store/layout.ts';
import {StatCache} from '../../../store/stat-cache.ts';

const PUPPET = path.join(path.dirname(fileURLToPath(import.meta.url)), 'puppet.js');

function cacheIn(t: {teardown: (end: () => void) => void}): {load: () => StatCache} {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-machine-'));
  t.teardown(() => fs.rmSync(folder, {recursive: true}));
  const store = openStore(path.join(folder, 'store'), undefined);
  if (!store.ok) throw new Error(JSON.stringify(store.error));
  return {load: () => StatCache.load(store.value)};
}

test('a tool’s print is of the file it leads to, and is remembered', (t) => {
  const {load} = cacheIn(t);
  const host = realHost();
  const cache = load();
  const first = fingerprint(['sed', 'bash'], host, cache);
  if (!first.ok) return t.fail(JSON.stringify(first.error));
  t.deepEqual(Object.keys(first.value.tools), ['sed', 'bash']);
  for (const print of Object.values(first.value.fingerprint)) {
    t.regex(print, /^(\S+ )?[0-9a-f]{64}$/);
  }
  cache.save();
  const again = fingerprint(['sed', 'bash'], host, load());
  t.deepEqual(again.ok ? again.value : undefined, first.value);
});

test('a compiler’s print covers what it works with, and brings as and ld', (t) => {
  if (findTool('cc') === undefined) {
    t.log('SKIPPED: cc is missing');
    return t.pass();
  }
  const found = fingerprint(['cc'], realHost(), cacheIn(t).load());
  if (!found.ok) return t.fail(JSON.stringify(found.error));
  const names = Object.keys(found.value.fingerprint);
  for (const name of ['cc', 'cc.cc1', 'cc.as', 'cc.ld', 'cc.libc.so.6', 'cc.crt1.o']) {
    t.true(names.includes(name), name);
  }
  t.truthy(found.value.tools['as']);
  t.truthy(found.value.tools['ld']);
});

test('missing tools are all named, with their packages where we know them', (t) => {
  const {load} = cacheIn(t);
  const missing = fingerprint(['sed', 'nonesuch-1', '../sh', 'nonesuch-2'], realHost(), load());
  if (missing.ok) return t.fail();
  t.deepEqual(
    missing.error.map((one) => one.code),
    Array<string>(3).fill('machine/missing-tool') as never,
  );
  t.regex(missing.error[0]?.message ?? '', /nonesuch-1/);
});

test('the caller’s PATH decides nothing', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-path-'));
  t.teardown(() => fs.rmSync(folder, {recursive: true}));
  fs.writeFileSync(path.join(folder, 'recipes-tool'), '#!/bin/sh\n', {mode: 0o755});
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  t.is(findTool('recipes-tool'), undefined);
  process.env['PATH'] = before;
  t.deepEqual(absentPrograms(['sh', 'recipes-tool']), ['recipes-tool']);
});

test('doctor’s probes: each has a name, a state and words', async (t) => {
  const probes = await probeMachine(realHost());
  t.deepEqual(
    probes.slice(0, 4).map((one) => one.name),
    ['programs', 'formats', 'chroot', 'ids'],
  );
  for (const {state, message, hint} of probes) {
    t.true(message.length > 0);
    if (state !== 'ok') t.log(`this machine: ${message} (${hint ?? 'no remedy'})`);
  }
});

/** A root of binds in which the puppet can start: /usr, the project, /proc and /tmp. */
const CHROOT = `
set -e
root=$1 project=$2 node=$3 puppet=$4
mkdir -p $root/usr $root/proc $root/tmp $root/dev
# First: the project may itself lie in /tmp.
mount -t tmpfs none $root/tmp
mkdir -p $root$project
for name in bin sbin lib lib64; do if [ -L /$name ]; then ln -s usr/$name $root/$name; fi; done
mount --bind /usr $root/usr
mount --bind $project $root$project
mount --rbind /proc $root/proc
mount --rbind /dev $root/dev
exec chroot $root $node $puppet '{}'
`;

test('inside a chroot the message says just that', (t) => {
  t.false(isChroot());
  if (process.getuid?.() !== 0 || !process.execPath.startsWith('/usr/')) {
    t.log('SKIPPED: needs root, and Node in /usr');
    return t.pass();
  }
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-chroot-'));
  t.teardown(() => fs.rmSync(root, {recursive: true}));
  const project = path.resolve(path.dirname(PUPPET), '../../../..');
  const words = ['-c', CHROOT, 'sh', root, project, process.execPath, PUPPET];
  const done = spawnSync('unshare', ['--mount', 'sh', ...words], {encoding: 'utf8'});
  const text = 'machine/chroot: user namespaces do not exist inside chroot(2)';
  t.true(done.stdout.includes(text), done.stderr);
});

test('a machine that gives no user namespace is named as the reason', (t) => {
  const before = process.getuid?.() === 0 ? asUser(54_321) : [];
  if (typeof before === 'string') {
    t.log(`SKIPPED: ${before}`);
    return t.pass();
  }
  const text = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"';
  const inside = ['unshare', '--user', '--map-current-user', '--keep-caps', 'sh', '-c', text, 'sh'];
  const words = [...before, ...inside, process.execPath, PUPPET, '{}'];
  const done = spawnSync('env', words, {encoding: 'utf8', env: {...process.env, HOME: '/tmp'}});
  t.true(done.stdout.includes('machine/user-namespaces: this machine allows'), done.stderr);
});
