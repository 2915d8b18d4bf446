/**
 * One graph of trivial nodes, built by us and by others in turn: from nothing, with nothing to do,
 * with one source changed. What is not installed is left out, and said.
 *
 * Usage: npm run bench -- graph [--sizes 100,1000,10000] [--pairs 5] [--peers ninja,make,nix]
 *          [--scenarios full,noop] [--patience SECONDS] [--quick] [--json FILE] [--write]
 */
import {readOptions} from './parts/options.ts';
import {runSession} from './parts/session.ts';
import {findPeers, RECIPES} from './parts/tools.ts';

const options = readOptions(process.argv.slice(2), {
  sizes: [100, 1000, 10_000],
  quickSizes: [20],
  pairs: 5,
});
const {there, missing} = findPeers(options.peers);
for (const {name, program} of missing) {
  console.error(
    `SKIPPED: ${name}, for ${program ?? name} is not installed (.ci/system-packages bench)`,
  );
}

await runSession({
  benchmark: 'graph',
  options,
  tools: (nodes) => [RECIPES, ...there.filter((peer) => nodes <= peer.most)],
});
