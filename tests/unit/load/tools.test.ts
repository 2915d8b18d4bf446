/** Tools as written: names once, of versions the highest. */
import test from 'ava';
import {readTools} from '../../../engine/load/tools.ts';

test('names are sorted, each once; versions are kept apart', (t) => {
  const written = ['make', 'bison >= 2.7', 'cc', 'make>=4.0', 'bison>= 3.0.1', 'bison >=3'];
  t.deepEqual(readTools(written), {
    tools: ['bison', 'cc', 'make'],
    toolVersions: {bison: '3.0.1', make: '4.0'},
  });
  t.deepEqual(readTools([]), {tools: [], toolVersions: {}});
});
