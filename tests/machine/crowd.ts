/**
 * Builders, gc and verification at one store for some time; see tests/support/crowd.ts.
 * Run by hand; the tests do the same for some seconds.
 *
 * Usage: node dist/tests/machine/crowd.js [SECONDS] [BUILDERS] [COLLECTORS] [VERIFIERS]
 */
import {runCrowd} from '../support/crowd.ts';

const [seconds = 180, builders = 8, collectors = 1, verifiers = 1] = process.argv
  .slice(2)
  .map(Number);
const report = await runCrowd({seconds, builders, collectors, verifiers});
const {troubles, ...counts} = report;
console.log(JSON.stringify(counts));
console.log(troubles.length === 0 ? 'all well' : troubles.join('\n\n'));
process.exitCode = troubles.length === 0 ? 0 : 1;
