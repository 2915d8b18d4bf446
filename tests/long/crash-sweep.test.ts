/**
 * Engine and worker killed at some of their calls, in building, collecting and switching; all of
 * them by hand: tests/machine/crash-sweep.ts.
 */
import {spawnSync} from 'node:child_process';
import test from 'ava';
import {addsUp, describe, runSweep} from '../support/crash-sweep.ts';

/** Crashes of each process in each phase. */
const MOST = 24;

for (const phase of ['build', 'gc', 'switch', 'system', 'activate', 'rollback']) {
  test.serial(
    `${phase}: killed anywhere, what is there is sound, and it can be repeated`,
    async (t) => {
      t.timeout(600_000);
      if (process.getuid?.() !== 0 || spawnSync('strace', ['-V']).status !== 0) {
        t.log('SKIPPED: root, and strace');
        return t.pass();
      }
      const swept = await runSweep({
        ...{phases: [phase], most: MOST, every: false, lanes: 2, verifyEach: 4},
        tell: () => undefined,
      });
      for (const one of swept) {
        t.log(describe(one));
        t.deepEqual(one.troubles, []);
        // Everything strace sees changing files is a numbered call, and the other way round.
        t.true(addsUp(one), describe(one));
        t.is(one.crashes, Math.min(MOST, one.points - one.same));
        t.true(one.unnoticed.length <= 2, describe(one));
      }
      // As root the engine itself removes what gc takes; a system has nothing to be built.
      t.deepEqual(
        swept.map((one) => one.victim),
        ['build', 'switch'].includes(phase) ? ['engine', 'worker'] : ['engine'],
      );
    },
  );
}
