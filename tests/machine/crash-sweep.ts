/**
 * The engine and the worker killed before and after every numbered call of `build`, `store gc` and
 * `root switch`, of packages and of whole systems; see tests/support/crash-sweep.ts. Run by hand, as root: it takes half an hour; the
 * tests do the same at some points.
 *
 * Usage: node dist/tests/machine/crash-sweep.js [build] [gc] [switch] [system] [activate]
 *        [rollback] [--most N] [--every]
 *        [--lanes N] [--verify-each N]
 * --most: points of each process in each phase. --every: both of two points that are one state.
 */
import {parseArgs} from 'node:util';
import {addsUp, runSweep} from '../support/crash-sweep.ts';

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    most: {type: 'string'},
    every: {type: 'boolean', default: false},
    lanes: {type: 'string', default: '2'},
    'verify-each': {type: 'string', default: '10'},
  },
});
const begin = performance.now();
const swept = await runSweep({
  phases: positionals,
  most: values.most === undefined ? undefined : Number(values.most),
  every: values.every,
  lanes: Number(values.lanes),
  verifyEach: Number(values['verify-each']),
  tell: (line) => {
    console.log(line);
  },
});
const troubles = swept.flatMap((one) => one.troubles);
const odd = swept.filter((one) => !addsUp(one)).map((one) => `${one.phase} ${one.victim}`);
const sum = (of: (one: (typeof swept)[number]) => number): number =>
  swept.reduce((all, one) => all + of(one), 0);
console.log(
  `${String(sum((one) => one.points))} points, ${String(sum((one) => one.crashes))} crashes, ` +
    `${String(troubles.length)} troubles, ${String(Math.round((performance.now() - begin) / 1000))} s`,
);
console.log(odd.length === 0 ? 'strace sees what is numbered' : `not in accord: ${odd.join(', ')}`);
process.exitCode = troubles.length + odd.length === 0 ? 0 : 1;
