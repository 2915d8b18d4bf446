/**
 * How long a watch takes from a save to the first step's shell, by one clock. Run by hand.
 *
 * Usage: node dist/tests/machine/watch-latency.js [SAVES [OTHERS]]
 *
 * The clock is CLOCK_REALTIME: read just before rename(2) puts the saved file in place, and by the
 * shell of the step as its very first command ($EPOCHREALTIME, which starts no process). The first
 * is cut to milliseconds, so a figure is up to one too large, never too small. OTHERS is how many
 * further recipes the project has. Prints one record.
 */
import fs from 'node:fs';
import {recipe, recipes, writes} from '../support/recipes.ts';
import {Space} from '../support/space.ts';
import {Watching} from '../support/watching.ts';

const [saves = 20, others = 100] = process.argv.slice(2).map(Number);

const sketches = Array.from({length: others}, (_, n) => [`t/other${n}`, {}] as const);
await using space = Space.create(recipes({'t/saved': {}, ...Object.fromEntries(sketches)}));
const watching = await Watching.begun(space, ['t/saved']);
const samples: number[] = [];
for (let save = 0; save < saves; save += 1) {
  const steps = `echo "began $EPOCHREALTIME"\n${writes('saved', `save ${save}`)}`;
  space.write('saved.new', recipe('t/saved', {steps}));
  const before = Date.now();
  fs.renameSync(space.at('saved.new'), space.at('recipes/t/saved.yaml'));
  await watching.built('t/saved');
  samples.push(began() - before);
}
await watching.end();
const sorted = [...samples].sort((a, b) => a - b);
const share = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
const rounded = (ms: number): number => Math.round(ms * 10) / 10;
console.log(
  JSON.stringify({
    saves,
    others,
    unit: 'ms from rename(2) to the first command of the step',
    median: rounded(share(0.5)),
    p90: rounded(share(0.9)),
    min: rounded(share(0)),
    max: rounded(share(1)),
  }),
);

/** What the newest log says. */
function began(): number {
  const logs = fs
    .readdirSync(space.at('.recipes/logs'))
    .map((one) => space.at(`.recipes/logs/${one}`))
    .sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
  const text = fs.readFileSync(logs[0] ?? '', 'utf8');
  return Number(/^began ([\d.]+)$/m.exec(text)?.[1]) * 1000;
}
