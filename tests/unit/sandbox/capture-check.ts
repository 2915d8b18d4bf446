/**
 * Runs the capture cases in a rig; the same for overlays and copied roots.
 */
import type {ExecutionContext} from 'ava';
import {LOW, WAY, type Case, type WrongCase} from './capture-cases.ts';
import type {Rig} from './rig.ts';

/** Whether a rig can run a case; says loudly when not. */
function isReady(t: ExecutionContext, rig: Rig | undefined, script: string): rig is Rig {
  if (rig === undefined) {
    t.pass();
    return false;
  }
  if (rig.worker.idMode === 'range' || !script.includes('chown')) return true;
  t.log('SKIPPED: this user has no subordinate ids');
  t.pass();
  return false;
}

/** The lowest layer; without its foreign owner where this user cannot make such files. */
function lowLayer(rig: Rig): ReturnType<Rig['layer']> {
  if (rig.worker.idMode === 'range') return rig.layer('test/low', LOW);
  return rig.layer('test/low', {...LOW, 'usr/bin/owned': 'mine'});
}

export async function checkCase(
  t: ExecutionContext,
  rig: Rig | undefined,
  one: Case,
): Promise<void> {
  if (!isReady(t, rig, one.script)) return;
  const script = `cd $DESTDIR\n${one.script}`;
  const built = await rig.build({layers: [lowLayer(rig)], script, ...one.plan});
  if (built.result.outcome === 'failed') {
    t.fail(JSON.stringify(built.result.diagnostics) + built.log);
    return;
  }
  const {tree} = one;
  const recorded = Object.entries(built.tree).filter(([name]) => !WAY.has(name) || name in tree);
  t.deepEqual(Object.fromEntries(recorded), tree);
}

export async function checkWrong(
  t: ExecutionContext,
  rig: Rig | undefined,
  code: string,
  one: WrongCase,
): Promise<void> {
  if (!isReady(t, rig, one.script)) return;
  const script = `cd $DESTDIR\n${one.script}`;
  const failed = await rig.failing({layers: [lowLayer(rig)], script, ...one.plan});
  t.is(failed.codes.join(), code);
  t.false(failed.machine);
  const text = JSON.stringify(failed.diagnostics);
  for (const pattern of one.says) t.regex(text, pattern);
}
