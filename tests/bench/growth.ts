/**
 * How our own times and memory grow with the number of nodes: the exponent k of size^k, for each
 * piece of work. 1 is linear.
 *
 * Usage: npm run bench -- growth [--sizes 100,1000,10000,30000] [--pairs 3] [--quick]
 *          [--json FILE] [--write]
 */
import {readOptions} from './parts/options.ts';
import {runSession} from './parts/session.ts';
import {RECIPES} from './parts/tools.ts';

const options = readOptions(process.argv.slice(2), {
  sizes: [100, 1000, 10_000, 30_000],
  quickSizes: [10, 20],
  pairs: 3,
});

await runSession({benchmark: 'growth', options, tools: () => [RECIPES]});
