/**
 * Random graphs, random edits, random targets: what is remembered changes no plan.
 * TEST_CYCLES and TEST_SEED repeat or prolong it.
 */
import fs from 'node:fs';
import test from 'ava';
import {recipe} from '../../support/recipes.ts';
import {Space} from '../../support/space.ts';
import {answer, check, plansOf, storeFiles} from './outcome-rig.ts';

const CYCLES = Number(process.env['TEST_CYCLES'] ?? 12);
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 100_000);
const NODES = 9;

/** Whole numbers below a limit. */
function draws(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

type Draw = ReturnType<typeof draws>;

/** Each reads its source and what it needs for building; needs are earlier ones. */
function textOf(at: number, draw: Draw): string {
  const name = `n${at}`;
  const needs = [...new Set(Array.from({length: draw(4)}, () => draw(Math.max(1, at))))]
    .filter((one) => one < at)
    .map((one) => ({build: `n${one}`, for: ['build', 'run', 'build'][draw(3)] ?? 'build'}));
  const files = needs.filter((one) => one.for === 'build').map((one) => `/sysroot/o/${one.build}`);
  const inputs = [`../${name}.txt`, ...files].join(' ');
  return recipe(`t/${name}`, {
    ...{needs, tools: ['head', 'cat']},
    recipe: {sources: [{path: `../../src/${name}.txt`, unpack: false}]},
    steps: `mkdir -p "$DESTDIR/o"; head -qn 1 ${inputs} > "$DESTDIR/o/${name}"`,
    ...(draw(4) === 0 ? {test: {steps: {check: 'true'}}} : {}),
  });
}

function change(space: Space, draw: Draw): string {
  const at = draw(NODES);
  const source = `src/n${at}.txt`;
  const kind = draw(8);
  if (kind < 3) fs.appendFileSync(space.at(source), `more ${draw(1000)}\n`);
  else if (kind < 5) space.write(source, `line ${draw(3)}\n`);
  else if (kind === 5) space.write(`recipes/t/n${at}.yaml`, textOf(at, draw));
  else if (kind === 6) fs.unlinkSync(storeFiles(space, 'records')[draw(3)] ?? '');
  else fs.unlinkSync(storeFiles(space, 'trees')[draw(3)] ?? '');
  return `${kind} of n${at}`;
}

test('random cycles', async (t) => {
  t.timeout(CYCLES * 20_000);
  t.log(`TEST_SEED=${SEED}`);
  const draw = draws(SEED);
  const names = Array.from({length: NODES}, (_, at) => at);
  await using space = Space.create({
    ...Object.fromEntries(names.map((at) => [`recipes/t/n${at}.yaml`, textOf(at, draw)])),
    ...Object.fromEntries(names.map((at) => [`src/n${at}.txt`, `n${at}\n`])),
  });
  await answer(space, space.at('.cache'), {});
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const done = Array.from({length: 1 + draw(3)}, () => change(space, draw)).join(', ');
    const what = `TEST_SEED=${SEED}, cycle ${cycle}: ${done}`;
    const words = draw(2) === 0 ? [] : [`t/n${draw(NODES)}`];
    if (words.length > 0) {
      await answer(space, space.at('.cache'), {tests: draw(2) === 0 ? 'all' : 'none'}, words);
    }
    const [remembered, planned] = await plansOf(space);
    t.deepEqual(remembered, planned, what);
    if (draw(2) === 0) await check(t, space, what);
  }
});
