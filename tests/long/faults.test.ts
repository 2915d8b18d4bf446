/**
 * Calls of the engine, the worker and their helpers that fail, by strace(1): the message says what
 * the disk does and where, the store stays sound, and the same command works once the fault is
 * over.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import test from 'ava';
import {fiveRecipes} from '../support/crash-phases.ts';
import {resultOf} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import type {Ran} from '../support/space.ts';
import {rowTroubles, troublesOf} from '../support/store-check.ts';

/** A call, its error, and which of these calls of each process fails. */
const FAULTS: readonly (readonly [call: string, error: string, when: string])[] = [
  ['fsync', 'EIO', '1'],
  ['fsync', 'EIO', '5'],
  ['fsync', 'EIO', '12'],
  ['fsync', 'EIO', '16'],
  ['fsync', 'ENOSPC', '6'],
  ['fsync', 'EDQUOT', '9'],
  ['link', 'EIO', '1'],
  ['link', 'EIO', '3'],
  ['link', 'ENOSPC', '3'],
  ['link', 'EMLINK', '3'],
  ['rename', 'EIO', '1'],
  ['rename', 'EIO', '3'],
  ['rename', 'ENOSPC', '5'],
  ['unlink', 'EIO', '1'],
  ['unlink', 'EIO', '3'],
  ['mkdir', 'ENOSPC', '20'],
  ['chmod', 'EROFS', '9'],
];

const BUILD = ['build', '-j1', 'b', '--json'];

test('a call that fails: it says so, nothing is damaged, and it works afterwards', async (t) => {
  t.timeout(600_000);
  if (process.getuid?.() !== 0 || spawnSync('strace', ['-V']).status !== 0) {
    t.log('SKIPPED: root, and strace');
    return t.pass();
  }
  await using space = fiveRecipes(os.tmpdir());
  const store = space.at('.recipes');
  const good = treesOf(await space.expect(0, BUILD));
  for (const [call, error, when] of FAULTS) {
    const name = `${call} ${error} ${when}`;
    fs.rmSync(store, {recursive: true});
    const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${when}`];
    const through = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'signal=none', ...inject];
    // In one thread, so that the n-th call is the same each time.
    const ran = await space.run(BUILD, {
      through,
      env: {RECIPES_CRASH_AT: '0', NODE_V8_COVERAGE: ''},
    });
    t.log(`${name}: exit ${String(ran.status)} ${/cannot .*/.exec(ran.stderr)?.[0] ?? ''}`);
    t.is(ran.status, 4, `${name}\n${ran.stderr}`);
    const code = /ENOSPC|EDQUOT/.test(error) ? 'store/full' : 'store/unusable';
    t.true(ran.stderr.includes(code), `${name}\n${ran.stderr}`);
    t.regex(ran.stderr, /cannot (use|write) (the store|\S*\/)/, name);
    t.deepEqual([...troublesOf(store), ...rowTroubles(store)], [], name);
    t.is(treesOf(await space.expect(0, BUILD)), good, name);
    t.deepEqual(remains(space), [], name);
  }
});

function treesOf(ran: Ran): string {
  return JSON.stringify(resultOf(ran).targets.map(({label, key, tree}) => [label, key, tree]));
}
