import fs from 'node:fs';
import test from 'ava';
import {checkCase, checkWrong} from './capture-check.ts';
import {CASES, WRONG} from './capture-cases.ts';
import {openRig, type Rig} from './rig.ts';

let rig: Rig | undefined;
let end: () => Promise<void> = () => Promise.resolve();

test.before(async (t) => {
  rig = await openRig(t, (close) => (end = close), {env: {RECIPES_OVERLAY: 'always'}});
});

test.after.always(() => end());

for (const [title, one] of Object.entries(CASES)) {
  test(`capture: ${title}`, (t) => checkCase(t, rig, one));
}

for (const [title, one] of Object.entries(WRONG)) {
  test(title, (t) => checkWrong(t, rig, title.split(',')[0] ?? '', one));
}

test('a leak may be allowed, and other folders of these names are none', async (t) => {
  if (rig === undefined) return t.pass();
  const script = `cd $DESTDIR; mkdir -p usr
    echo 'made in /build/it-1' >usr/allowed
    echo '/usr/build/x /opt/sysroot ./build/y /home/my-dir/build/z' >usr/fine`;
  const built = await rig.build({script, capture: {leaks: ['usr/allow*']}});
  t.is(built.result.outcome, 'ok');
  t.deepEqual(Object.keys(built.tree), ['usr', 'usr/allowed', 'usr/fine']);
});

test('sockets are left out with a warning', async (t) => {
  if (rig === undefined) return t.pass();
  const script = `mkdir $DESTDIR/run
    perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "$ENV{DESTDIR}/run/s", Listen => 1)'`;
  const {result, tree} = await rig.build({script});
  t.deepEqual(tree, {run: 'dir 0755'});
  const [warning] = result.outcome === 'ok' ? result.warnings : [];
  t.is(warning?.code, 'sandbox/left-out');
  t.is(warning?.message, 'run/s is a socket and is left out');
});

test('layers: the later covers the earlier, and a removal removes', async (t) => {
  if (rig === undefined) return t.pass();
  const layers = [
    rig.layer('test/a', {'usr/x': 'a', 'usr/gone': 'a', 'usr/tree/f': 'a'}),
    rig.layer('test/b', {'usr/x': 'b', 'usr/gone': {whiteout: true}, 'usr/tree': {whiteout: true}}),
  ];
  const script = 'cd $DESTDIR/usr; ls; cat x; rm x';
  const failed = await rig.failing({layers, script});
  t.is(failed.log, 'x\nb');
  t.regex(failed.diagnostics[0]?.message ?? '', /a file of test\/b/);
});

test('more layers than overlay takes one by one are merged', async (t) => {
  if (rig === undefined) return t.pass();
  const layers = Array.from({length: 70}, (_one, at) =>
    rig?.layer(`test/l${at}`, {[`usr/f${at}`]: String(at), 'usr/all': String(at)}),
  ).flatMap((one) => (one === undefined ? [] : [one]));
  const {log, tree} = await rig.build({
    layers,
    script: 'cd $DESTDIR/usr; ls | wc -l; cat all f0 f69; touch all; echo new >new',
  });
  t.is(log, '71\n69069');
  t.deepEqual(tree, {usr: 'dir 0755', 'usr/new': 'file 0644 4'});
});

test('what is stored is the store’s: owner, mode, time, no special bits', async (t) => {
  if (rig === undefined) return t.pass();
  const {entries} = await rig.build({
    script: 'cd $DESTDIR; echo su >su; chmod 6755 su; echo x >plain; ln plain second',
  });
  const digests = entries.flatMap((one) => (one.type === 'file' ? [one.digest] : []));
  t.is(digests.length, 3);
  const stats = entries.flatMap((one) =>
    one.type === 'file' ? [rig?.inStore(`files/${one.digest.slice(0, 2)}`) ?? ''] : [],
  );
  t.is(new Set(stats).size, 2);
});

test('the same build twice gives the same tree', async (t) => {
  if (rig === undefined) return t.pass();
  const script = 'cd $DESTDIR; mkdir a; date >a/when -d @$SOURCE_DATE_EPOCH; ln -s a b';
  const one = await rig.build({script});
  const two = await rig.build({script});
  t.deepEqual(one.entries, two.entries);
  t.is(one.entries.length, 3);
});

test('capabilities are recorded without the user namespace they were set in', async (t) => {
  if (rig === undefined) return t.pass();
  if (!fs.existsSync('/usr/sbin/setcap')) {
    t.log('SKIPPED: setcap is missing (package libcap2-bin)');
    return t.pass();
  }
  const script = 'cd $DESTDIR; cp /usr/bin/true ping; setcap cap_net_raw+ep ping';
  const {entries, result} = await rig.build({script});
  const [entry] = entries;
  const [capability] = entry !== undefined && entry.type !== 'whiteout' ? entry.xattrs : [];
  t.is(capability?.name, 'security.capability');
  const bytes = Buffer.from(capability?.value ?? '', 'base64');
  t.is(bytes.length, 20);
  t.is(bytes.readUInt32LE(0) >>> 24, 2);
  const tree = result.outcome === 'ok' ? result.tree : undefined;
  if (tree === undefined) return t.fail();
  const layers = [{owner: 'test/low' as never, tree}];
  const touched = await rig.build({layers, script: 'getcap $DESTDIR/ping; touch $DESTDIR/ping'});
  t.regex(touched.log, /cap_net_raw=ep/);
  t.deepEqual(touched.tree, {});
});
