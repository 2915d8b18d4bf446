/**
 * The network of sandboxes: a loopback and nothing else, one for each that runs, whether it was made for it
 * or for those that ran there before. And that those that follow each other in one see what the first have seen.
 */
import fs from 'node:fs';
import test from 'ava';
import {until} from '../../support/space.ts';
import type {Label} from '../../../engine/base/label.ts';
import {openRig, type Rig} from './rig.ts';

/** Of these the first make their own; those after them follow each other in one. */
const MANY = 12;

/** What a sandbox says of its network: its number, and how a connection to its loopback ends. */
const LOOK = `
readlink /proc/self/ns/net
{ echo >/dev/tcp/127.0.0.1/9; } 2>&1 | grep -m1 -o 'refused\\|unreachable'
`;

/** Takes a port, talks to itself there, and closes from its own side first. */
const TALK = `perl -MIO::Socket::INET -e '
  my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 7777) or die "port: $!";
  my $client = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 7777) or die "connect: $!";
  my $other = $server->accept;
  close $other; close $client; close $server;
'`;

const NONE_APART = 'SKIPPED: no shell with a network of its own is to be had here';

async function networksOf(rig: Rig, count: number): Promise<readonly string[]> {
  const said: string[] = [];
  for (let at = 0; at < count; at += 1) said.push((await rig.build({script: LOOK})).log);
  return said;
}

test('each has a loopback that answers, and not the network of the machine', async (t) => {
  const rig = await openRig(t, (end) => t.teardown(end));
  if (rig === undefined) return t.pass();
  const said = await networksOf(rig, MANY);
  const own = fs.readlinkSync('/proc/self/ns/net');
  for (const text of said) {
    t.regex(text, /^net:\[\d+\]\nrefused\n$/);
    t.false(text.includes(own));
  }
  const last = said.slice(-3).map((text) => text.split('\n')[0]);
  if (new Set(last).size > 1) t.log(NONE_APART);
});

test('two that run at the same time have two', async (t) => {
  const rig = await openRig(t, (end) => t.teardown(end));
  if (rig === undefined) return t.pass();
  await networksOf(rig, MANY);
  // The first stays until the second has ended.
  const first = rig.start({script: 'readlink /proc/self/ns/net; sleep 1000'});
  const second = await rig.build({script: LOOK});
  await until('the first has spoken', () => fs.readFileSync(first.log, 'utf8') !== '');
  const name = fs.readFileSync(first.log, 'utf8').trim();
  rig.worker.kill(first.id);
  await first.result;
  t.regex(name, /^net:/);
  t.false(second.log.includes(name));
});

test('a port that was used is free for the next one at once', async (t) => {
  const rig = await openRig(t, (end) => t.teardown(end));
  if (rig === undefined) return t.pass();
  for (let at = 0; at < MANY; at += 1) {
    const {result, log} = await rig.build({script: TALK});
    t.is(result.outcome, 'ok', `${at}: ${log}`);
  }
});

/** Where something is mounted, how, and of which kind; what lies there; what of the layer is there and can be changed. */
const VIEW = `
readlink /proc/self/ns/net
while read -r _ _ _ _ at how rest; do rest=" $rest"; rest=\${rest##* - }; echo "$at $how \${rest%% *}"; done </proc/self/mountinfo
stat -c '%A %U %t,%T %N' /* /dev/* /etc/*
cat "$SYSROOT/etc/told"
rm "$SYSROOT/etc/told"
`;

for (const overlay of ['always', 'never']) {
  test(`the last sees what the first has seen, overlays: ${overlay}`, async (t) => {
    const env = {RECIPES_OVERLAY: overlay};
    const rig = await openRig(t, (end) => t.teardown(end), {env});
    if (rig === undefined) return t.pass();
    const layers = [rig.layer('base/told', {'etc/told': 'something\n'})];
    const capture = {replaces: ['base/told' as Label]};
    const [views, networks]: [string[], string[]] = [[], []];
    for (let at = 0; at < MANY; at += 1) {
      const {result, log, tree} = await rig.build({script: VIEW, layers, capture});
      t.is(result.outcome, 'ok', log);
      t.is(tree['etc/told'], 'whiteout');
      const end = log.indexOf('\n');
      networks.push(log.slice(0, end));
      views.push(log.slice(end));
    }
    t.regex(views[0] ?? '', /^something$/m);
    t.deepEqual(views.slice(1), views.slice(0, -1));
    if (networks.at(-1) !== networks.at(-2)) t.log(NONE_APART);
  });
}

test('many at once, whose layers are mounted as shells come up and others are unmounted', async (t) => {
  const rig = await openRig(t, (end) => t.teardown(end), {env: {RECIPES_OVERLAY: 'always'}});
  if (rig === undefined) return t.pass();
  const layers = [rig.layer('base/told', {'etc/told': 'something\n'})];
  const build = (): ReturnType<Rig['build']> =>
    rig.build({script: 'cat "$SYSROOT/etc/told"; echo x >"$SYSROOT/new"', layers});
  for (const {result, log, tree} of await Promise.all(Array.from({length: 3 * MANY}, build))) {
    t.is(result.outcome, 'ok', log);
    t.is(log, 'something\n');
    t.deepEqual(Object.keys(tree), ['new']);
  }
});
