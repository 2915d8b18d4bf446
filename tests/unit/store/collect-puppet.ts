/**
 * One gc in a process of its own, for tests that end it on the way. Prints how many mutating calls
 * it took.
 */
import {mutatingCalls} from '../../../engine/base/crash.ts';
import {realHost} from '../../../engine/base/host.ts';
import {claim, COLLECTING, openRun, releaseClaim} from '../../../store/claims.ts';
import {openStore} from '../../../store/layout.ts';
import {sweepScratch} from '../../../store/sweep.ts';
import {gc} from './collect-rig.ts';
import {must} from './rig.ts';

const store = must(openStore(process.argv[2] ?? '', undefined));
const run = openRun(store, realHost());
if (claim(store, run, COLLECTING) !== 'mine') throw new Error('another gc is at work');
releaseClaim(store, run, COLLECTING);
gc(store, {run});
sweepScratch(store, run);
run.release();
process.stdout.write(String(mutatingCalls()));
