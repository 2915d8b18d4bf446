import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import test from 'ava';
import type {Layer} from '../../../engine/sandbox/protocol.ts';
import {openRig, type Rig, type Wanted} from './rig.ts';

let rig: Rig | undefined;
let end: () => Promise<void> = () => Promise.resolve();

test.before(async (t) => {
  rig = await openRig(t, (close) => (end = close), {env: {RECIPES_OVERLAY: 'always'}});
});

test.after.always(() => end());

/** The host's programs with the libraries they are linked with, as a layer. */
function system(own: Rig, programs: readonly string[]): Layer {
  const wanted: Record<string, Wanted> = {bin: {to: 'usr/bin'}};
  for (const name of programs) {
    const file = fs.realpathSync(`/usr/bin/${name}`);
    wanted[`usr/bin/${name}`] = {from: file, mode: 0o755};
    const linked = spawnSync('ldd', [file], {encoding: 'utf8'}).stdout;
    for (const [, library = ''] of linked.matchAll(/(\/\S+) \(0x/g)) {
      wanted[library.slice(1)] = {from: fs.realpathSync(library), mode: 0o755};
    }
  }
  return own.layer('test/system', wanted);
}

const PROGRAMS = ['bash', 'mkdir', 'rm', 'ls', 'cat', 'touch'];

test('in a root there is what the needs hold, and what is installed into / is captured', async (t) => {
  if (rig === undefined) return t.pass();
  const script = `ls -A /; echo "<$DESTDIR$SYSROOT>"; pwd; test ! -e /usr/bin/sed
    mkdir -p /opt /etc; echo conf >/etc/conf; echo x >/opt/tool
    echo a >/tmp/a; echo b >/run/b; echo c >/build/c; touch /usr/bin/cat; mkdir /dev/d`;
  const layers = [system(rig, PROGRAMS)];
  const {log, tree} = await rig.build({
    environment: 'root',
    layers,
    script,
    env: {PATH: '/usr/bin'},
  });
  t.regex(log, /^bin\nbuild\ndev\n(lib\n)?(lib64\n)?proc\nrun\nsys\ntmp\nusr\n<>\n\/build\/it-1\n/);
  t.deepEqual(tree, {
    ...{etc: 'dir 0755', 'etc/conf': 'file 0644 5'},
    ...{opt: 'dir 0755', 'opt/tool': 'file 0644 2'},
  });
});

test('removing in a root of what is replaced becomes a removal', async (t) => {
  if (rig === undefined) return t.pass();
  const layers = [system(rig, PROGRAMS), rig.layer('test/old', {'usr/bin/old': 'old'})];
  const plan = {environment: 'root' as const, layers, env: {PATH: '/usr/bin'}};
  const script = 'rm /usr/bin/old; echo new >/usr/bin/new';
  const failed = await rig.failing({...plan, script});
  t.deepEqual(failed.codes, ['sandbox/changes-need']);
  const built = await rig.build({...plan, script, capture: {replaces: ['test/old' as never]}});
  t.is(built.tree['usr/bin/old'], 'whiteout');
  const tree = built.result.outcome === 'ok' ? built.result.tree : undefined;
  if (tree === undefined) return t.fail();
  const after = [...layers, {owner: 'test/it' as never, tree}];
  const {log} = await rig.build({
    ...plan,
    layers: after,
    script: 'ls /usr/bin/new /usr/bin/old || :',
  });
  t.regex(log, /\/usr\/bin\/new\n/);
  t.regex(log, /cannot access '\/usr\/bin\/old'/);
});

test('in a root the last of many sees what the first has seen', async (t) => {
  if (rig === undefined) return t.pass();
  const layers = [system(rig, PROGRAMS)];
  const plan = {environment: 'root' as const, layers, env: {PATH: '/usr/bin'}};
  const script = 'ls -A / /dev /run; ls /usr/bin; test -c /dev/null; echo x >/new';
  const logs: string[] = [];
  for (let at = 0; at < 12; at += 1) {
    const {log, tree} = await rig.build({...plan, script});
    t.deepEqual(tree, {new: 'file 0644 2'});
    logs.push(log);
  }
  t.deepEqual(new Set(logs).size, 1);
});

test('a root without a bash that works says so', async (t) => {
  if (rig === undefined) return t.pass();
  const none = await rig.failing({environment: 'root', layers: [rig.layer('test/a', {etc: 'x'})]});
  t.deepEqual(none.codes, ['sandbox/no-shell']);
  t.regex(none.diagnostics[0]?.hint ?? '', /usr\/bin\/bash/);
  const alone = rig.layer('test/b', {'usr/bin/bash': {from: '/usr/bin/bash', mode: 0o755}});
  const broken = await rig.failing({environment: 'root', layers: [alone]});
  t.deepEqual(broken.codes, ['sandbox/no-shell']);
  t.false(broken.machine);
});

test('owners and special bits of needs are there inside', async (t) => {
  if (rig === undefined || rig.worker.idMode === 'single') {
    t.log('SKIPPED: this user has no subordinate ids');
    return t.pass();
  }
  const owned = rig.layer('test/owned', {
    'usr/bin/su': {text: 'su', mode: 0o4755},
    'var/mail': {dir: true, mode: 0o2775, uid: 8},
  });
  const layers = [system(rig, [...PROGRAMS, 'stat']), owned];
  const script = 'stat -c "%a %u" /usr/bin/su /var/mail';
  const {log} = await rig.build({environment: 'root', layers, script, env: {PATH: '/usr/bin'}});
  t.is(log, '4755 0\n2775 8\n');
});
