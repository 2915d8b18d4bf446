import fs from 'node:fs';
import test from 'ava';
import {fileIn} from '../../../store/layout.ts';
import {openRig, type BuildPlan, type Built, type Rig} from './rig.ts';
import {removeAll} from '../../support/space.ts';

/** Layers, new files, a hard link, a removal, an attribute: all that staging and storing do. */
function planFor(rig: Rig, number: number): BuildPlan {
  return {
    layers: [
      rig.layer('test/a', {'usr/a': `a${number}`, 'usr/gone': 'x'}),
      rig.layer('test/b', {b: 'b'}),
    ],
    script: `cd $DESTDIR; echo ${number + 1000} >usr/x; ln usr/x usr/y; rm usr/gone; echo z >z; chmod 755 z`,
    capture: {replaces: ['test/a' as never], expect: ['usr/x']},
    request: {keep: {always: true, folder: 'kept/it'}},
  };
}

const TREE = {
  usr: 'dir 0755',
  'usr/gone': 'whiteout',
  'usr/x': 'file 0644 5',
  'usr/y': 'file 0644 5 = usr/x',
  z: 'file 0755 2',
};

function fileOf(rig: Rig, built: Built, name: string): string {
  const entry = built.entries.find((one) => one.path === name);
  return entry?.type === 'file' ? fileIn(rig.store, entry.digest, entry.mode) : '';
}

/** Every seventh call; the rest is the same code on other files. */
const STRIDE = 7;

test('a worker that dies at any call leaves a store in which the same build comes out', async (t) => {
  const rig = await openRig(t, (end) => t.teardown(end));
  if (rig === undefined) return t.pass();
  let survived = false;
  let crashes = 0;
  for (let at = 3; !survived; at += STRIDE) {
    const end = await endWith(rig, at);
    survived = end === 'survived';
    if (!survived) {
      crashes += 1;
      t.is(end, 'machine/worker', `call ${at}`);
    }
    for (const name of ['tmp', 'scratch', 'kept']) emptyFolder(rig, name);
    const again = await rig.build(planFor(rig, at));
    t.deepEqual(Object.entries(again.tree), Object.entries(TREE), `call ${at}`);
    t.is(fs.readFileSync(fileOf(rig, again, 'usr/x'), 'utf8'), `${at + 1000}\n`);
  }
  t.true(crashes >= 5);
});

/** A build by a worker of its own, which dies at that call: the code of what became of it. */
async function endWith(rig: Rig, at: number): Promise<string | undefined> {
  const closing: (() => Promise<void>)[] = [];
  const env = {RECIPES_CRASH_AT: `worker:${at}`};
  const quiet = {log: () => undefined};
  const doomed = await openRig(quiet, (end) => closing.push(end), {env, store: rig.store});
  // Some calls are made before the worker says that it is ready.
  if (doomed === undefined) return 'machine/worker';
  try {
    const result = await doomed.start(planFor(doomed, at)).result;
    return result.ok ? 'survived' : result.error[0]?.code;
  } finally {
    for (const end of closing) await end();
  }
}

/** What the sweep before each run removes. */
function emptyFolder(rig: Rig, name: string): void {
  for (const one of fs.readdirSync(rig.inStore(name))) {
    removeAll(rig.inStore(`${name}/${one}`));
  }
}
