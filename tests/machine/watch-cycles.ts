/**
 * A watch through many random changes: in the end it must have come to what a fresh build of the
 * same recipes comes to in a fresh store, key by key and tree by tree; and the engine must hold no
 * more memory and descriptors than it needs. Run by hand.
 *
 * Usage: node dist/tests/machine/watch-cycles.js [CYCLES [SEED]]
 *
 * The changes: edits by rename and in place, mistakes and their mending, failing steps, recipes
 * and folders that go and come, local sources, patches, configuration, bursts. Some come while the
 * build of the one before still runs.
 */
import fs from 'node:fs';
import path from 'node:path';
import {joins, recipe, recipes, resultOf, writes} from '../support/recipes.ts';
import {processesLike} from '../support/remains.ts';
import {Space} from '../support/space.ts';
import {Watching} from '../support/watching.ts';

const [cycles = 100, seed = 1] = process.argv.slice(2).map(Number);

/** Numbers that look random and are the same for the same seed (mulberry32). */
let state = seed;
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let n = Math.imul(state ^ (state >>> 15), 1 | state);
  n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
  return ((n ^ (n >>> 14)) >>> 0) % below;
}

const LOCAL = {
  recipe: {
    sources: [{path: './local/src'}],
    patches: [{file: 'local/fix.patch', strip: 1}],
  },
  tools: ['cp', 'mkdir', 'sleep'],
  steps: 'mkdir -p "$DESTDIR/usr"\ncp -r . "$DESTDIR/usr/local"\n',
};
const patch = (to: string): string => `--- a/text\n+++ b/text\n@@ -1 +1 @@\n-one\n+${to}\n`;
const file = (name: string): string => `recipes/t/${name}.yaml`;

await using space = Space.create({
  'recipes/t/local/src/text': 'one\n',
  'recipes/t/local/fix.patch': patch('two'),
  ...recipes({
    't/a': {},
    't/b': {needs: ['a'], steps: joins('b', ['a'])},
    't/c': {},
    't/d': {needs: ['b', 'c'], steps: joins('d', ['b', 'c'])},
    't/local': LOCAL,
    't/last': {},
    't/mark': {},
  }),
});

function save(name: string, text: string): void {
  if (random(2) === 0) return space.write(name, text);
  space.write('saved.new', text);
  fs.mkdirSync(path.dirname(space.at(name)), {recursive: true});
  fs.renameSync(space.at('saved.new'), space.at(name));
}

/** Content comes back now and then, so that keys do too. */
const some = (name: string): string => `${name} ${random(6)}`;
const simple = (name: string): void =>
  save(file(name), recipe(`t/${name}`, {steps: writes(name, some(name))}));
const remove = (name: string): void => fs.rmSync(space.at(name), {recursive: true, force: true});

const CHANGES: readonly (() => void)[] = [
  () => simple('a'),
  () => simple('c'),
  () =>
    save(
      file('c'),
      recipe('t/c', {tools: ['sleep'], steps: `sleep 0.${random(5)}\n${writes('c', some('c'))}`}),
    ),
  () =>
    save(
      file('a'),
      ['package: [a\n', `${recipe('t/a')}nonsense: 1\n`, recipe('t/a', {needs: ['d']})][
        random(3)
      ] ?? '',
    ),
  () => save(file('a'), recipe('t/a', {steps: `exit ${1 + random(3)}\n`})),
  () => remove(file('c')),
  () => simple(`new${random(3)}`),
  () => remove(file(`new${random(3)}`)),
  () => save('recipes/more/x.yaml', recipe('more/x', {steps: writes('x', some('x'))})),
  () => remove('recipes/more'),
  () => save('recipes/t/local/src/text', 'one\n'),
  () => save(`recipes/t/local/src/deep${random(2)}/file${random(3)}`, some('file')),
  () => remove(`recipes/t/local/src/deep${random(2)}`),
  () => save('recipes/t/local/fix.patch', patch(some('patch'))),
  () => remove('recipes/t/local/fix.patch'),
  () => save('recipes.config.yaml', `jobs: ${1 + random(3)}\n`),
  () => {
    for (const name of ['a', 'c', 'last']) simple(name);
  },
];

interface Held {
  readonly rss: number;
  readonly fds: number;
}

/** What the engine holds, in KiB and descriptors. */
function held(pid: number): Held {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    rss: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
    fds: fs.readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** Everything is whole, and the watch has seen it: what was written last has been built. */
async function mended(watching: Watching, round: number): Promise<void> {
  save(file('a'), recipe('t/a', {steps: writes('a', some('a'))}));
  save(file('c'), recipe('t/c', {steps: writes('c', some('c'))}));
  save('recipes/t/local/fix.patch', patch('two'));
  save('recipes/t/local/src/text', 'one\n');
  save(file('mark'), recipe('t/mark', {steps: writes('mark', `round ${round}`)}));
  await watching.built('t/mark');
}

const watching = await Watching.begun(space);
const pid = watching.running.child.pid ?? 0;
for (let warm = 0; warm < 10; warm += 1) {
  simple('a');
  await watching.idleAfter('a run', (one) => one.type === 'run-finished');
}
const worker = (): number => processesLike(space, /^recipes-worker/)[0] ?? 0;
const start = {engine: held(pid), worker: held(worker())};
const EACH = 25;
let most = start.engine.rss;
for (let cycle = 1; cycle <= cycles; cycle += 1) {
  for (let more = 1 + random(3); more > 0; more -= 1) CHANGES[random(CHANGES.length)]?.();
  // Half of the time the next change comes while this one is at work.
  if (random(2) === 0) {
    simple('last');
    await watching.told('something', (one) => one.type === 'changed');
  }
  if (cycle % EACH === 0) {
    await mended(watching, cycle);
    most = Math.max(most, held(pid).rss);
    console.log(`${cycle} cycles: ${JSON.stringify(held(pid))}`);
  }
}
await mended(watching, cycles + 1);
const end = {engine: held(pid), worker: held(worker())};
await watching.end();

const targets = async (argv: readonly string[]): Promise<string> =>
  JSON.stringify(resultOf(await space.expect(0, ['build', '--json', ...argv])).targets, null, 1);
const again = resultOf(await space.expect(0, ['build', '--json']));
const same = (await targets([])) === (await targets(['--store', 'fresh']));
const repeated = again.executed.length;
console.log(JSON.stringify({cycles, seed, same, repeated, start, end, most}));
process.exitCode = same && repeated === 0 ? 0 : 1;
