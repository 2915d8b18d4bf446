import test from 'ava';
import {checkCase, checkWrong} from './capture-check.ts';
import {CASES, WRONG} from './capture-cases.ts';
import {openRig, type Rig} from './rig.ts';

let rig: Rig | undefined;
let end: () => Promise<void> = () => Promise.resolve();

test.before(async (t) => {
  rig = await openRig(t, (close) => (end = close), {env: {RECIPES_OVERLAY: 'never'}});
});

test.after.always(() => end());

for (const [title, one] of Object.entries(CASES)) {
  test(`copied root: ${title}`, (t) => checkCase(t, rig, one));
}

for (const [title, one] of Object.entries(WRONG)) {
  test(`copied root: ${title}`, (t) => checkWrong(t, rig, title.split(',')[0] ?? '', one));
}

test('the result says that the root was copied', async (t) => {
  if (rig === undefined) return t.pass();
  t.deepEqual(await rig.worker.overlay(), {ok: true, value: false});
  const {result} = await rig.build({script: 'echo x >$DESTDIR/x'});
  t.true(result.outcome === 'ok' && result.copiedRoot);
});

test('a copy never shares an inode with the store', async (t) => {
  if (rig === undefined) return t.pass();
  const layers = [rig.layer('test/low', {conf: 'as it was\n'})];
  const replaces = ['test/low' as never];
  await rig.build({layers, script: 'echo more >>$DESTDIR/conf', capture: {replaces}});
  const {log} = await rig.build({layers, script: 'cat $DESTDIR/conf'});
  t.is(log, 'as it was\n');
});
