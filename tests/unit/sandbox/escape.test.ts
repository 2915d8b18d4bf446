import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {openRig, type Rig} from './rig.ts';

let rig: Rig | undefined;
let end: () => Promise<void> = () => Promise.resolve();

test.before(async (t) => {
  rig = await openRig(t, (close) => (end = close));
});

test.after.always(() => end());

/** Each must fail inside a build; where it does not, the sandbox has a hole. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  'write to the host’s /usr': 'echo x >/usr/recipes-was-here',
  'write to /etc': 'echo x >/etc/recipes-was-here',
  'write to a folder of /etc': 'echo x >/etc/alternatives/recipes-was-here',
  'set a switch of the network': 'echo 1 >/proc/sys/net/ipv4/tcp_max_tw_buckets',
  'write to the root': 'echo x >/recipes-was-here',
  'write to the steps': 'echo x >/run/recipes/steps/01-install',
  'write to the tools': 'ln -s /usr/bin/true /tools/true',
  'set core_pattern': "echo '|/bin/false' >/proc/sys/kernel/core_pattern",
  'set another switch': 'echo 1 >/proc/sys/vm/overcommit_memory',
  'use sysrq': 'echo h >/proc/sysrq-trigger',
  mount: 'mount -t tmpfs none /tmp',
  'mount over /proc/sys': 'umount /proc/sys || mount -o remount,rw /proc/sys',
  'make a device': 'mknod /tmp/null c 1 3',
  'make a block device': 'mknod /tmp/disk b 8 0',
  'make a user namespace': 'unshare --user true',
  'make a mount namespace': 'unshare --mount true',
  'enter the namespaces of another': 'nsenter --target 1 --mount --user true',
  chroot: 'chroot /usr true',
  'give a file to an id outside': 'touch /tmp/x; chown 70000 /tmp/x',
  'set the host name': 'echo evil >/proc/sys/kernel/hostname || hostname evil',
  'set the clock': 'date -s 2001-01-01',
  'read /etc/shadow': 'cat /etc/shadow',
  'read the kernel’s log': 'dmesg || cat /dev/kmsg',
  'see the store': 'ls /sys/s',
  'see /home or /root': 'ls /home || ls /root',
  'read memory': 'cat /dev/mem',
  'open a terminal': 'echo x >/dev/tty',
  'lower its niceness': 'nice -n -5 true 2>&1 | grep -v . && false',
  'raise its limits': 'ulimit -u unlimited',
};

for (const [title, script] of Object.entries(ATTEMPTS)) {
  test(`no build can ${title}`, async (t) => {
    if (rig === undefined) return t.pass();
    const attempt = `if ( ${script} ) >/tmp/out 2>&1; then echo HOLE; cat /tmp/out; fi; rm -f /tmp/x`;
    t.is((await rig.build({script: attempt, shell: []})).log, '');
  });
}

test('only its own processes are seen, under its own numbers', async (t) => {
  if (rig === undefined) return t.pass();
  const {log} = await rig.build({script: 'echo $$; for p in /proc/[0-9]*; do echo ${p##*/}; done'});
  t.is(log, '1\n1\n');
});

test('no descriptor of ours gets in', async (t) => {
  if (rig === undefined) return t.pass();
  const script =
    'for n in {0..254}; do f=/proc/$$/fd/$n; [[ ! -e $f ]] || printf "%s " $n; readlink $f; done || :';
  const {log} = await rig.build({script});
  const inside = log.split('\n').filter((line) => line !== '');
  const own = /^(0 \/dev\/null|[12] .*\/output|[34] .*\/tokens)$/;
  t.deepEqual(
    inside.filter((line) => !own.test(line)),
    [],
  );
  t.is(inside.length, 5);
});

test('the host’s network and its abstract sockets are out of reach', async (t) => {
  if (rig === undefined) return t.pass();
  const server = net.createServer((socket) => socket.end('HOLE')).listen(0, '127.0.0.1');
  const abstract = `recipes-${process.pid}`;
  const local = net.createServer((socket) => socket.end('HOLE')).listen(`\0${abstract}`);
  t.teardown(() => {
    server.close();
    local.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const {port} = server.address() as net.AddressInfo;
  const socket = `IO::Socket::UNIX->new(Peer => "\\0${abstract}") and print "HOLE"`;
  const {log} = await rig.build({
    shell: [],
    script: `(exec 5<>/dev/tcp/127.0.0.1/${port} && echo HOLE) 2>/dev/null
      perl -MIO::Socket::UNIX -e '${socket}'
      cat /proc/net/dev | grep -v -e Inter -e face | cut -d: -f1`,
  });
  t.is(log.trim(), 'lo');
});

test('the host’s temporary files are not there, nor is the home', async (t) => {
  if (rig === undefined) return t.pass();
  const marker = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-marker-'));
  t.teardown(() => fs.rmSync(marker, {recursive: true}));
  const script = `ls -A /tmp; test ! -e ${marker}; test ! -e ${os.homedir()}/.bashrc; echo $HOME`;
  t.is((await rig.build({script})).log, '/tmp\n');
});

test('what a build does to its needs never reaches the store', async (t) => {
  if (rig === undefined) return t.pass();
  const layers = [rig.layer('test/low', {conf: {text: 'as it was\n', mode: 0o755}})];
  const script = 'echo more >>$DESTDIR/conf; chmod 4777 $DESTDIR/conf; chown 9 $DESTDIR/conf || :';
  await rig.build({layers, script, capture: {replaces: ['test/low' as never]}});
  const {log} = await rig.build({layers, script: 'cat $DESTDIR/conf; stat -c %a%u $DESTDIR/conf'});
  t.is(log, 'as it was\n7550\n');
});

test('a setuid file of a build is not one outside', async (t) => {
  if (rig === undefined) return t.pass();
  const {entries} = await rig.build({script: 'cp /usr/bin/id $DESTDIR/id; chmod 6755 $DESTDIR/id'});
  const [entry] = entries;
  if (entry?.type !== 'file') return t.fail();
  t.is(entry.mode, 0o6755);
  const folder = rig.inStore(`files/${entry.digest.slice(0, 2)}`);
  const names = fs.readdirSync(folder).filter((name) => name.startsWith(entry.digest.slice(2)));
  t.deepEqual(names, [`${entry.digest.slice(2)}.755`]);
  t.is(fs.statSync(path.join(folder, names[0] ?? '')).mode & 0o7777, 0o755);
});

test('capabilities are the seven builds need, and cannot grow', async (t) => {
  if (rig === undefined) return t.pass();
  const {log} = await rig.build({script: 'grep -E "^Cap(Prm|Eff)|NoNewPrivs" /proc/self/status'});
  // chown, dac_override, fowner, fsetid, setgid, setuid, setfcap
  const bits = [0, 1, 3, 4, 6, 7, 31].reduce((sum, bit) => sum + 2 ** bit, 0);
  const hex = bits.toString(16).padStart(16, '0');
  t.is(log, `CapPrm:\t${hex}\nCapEff:\t${hex}\nNoNewPrivs:\t1\n`);
});
