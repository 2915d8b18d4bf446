/** Two engines at work on one store: each node is built once, and nobody waits in silence. */
import test from 'ava';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipes, resultOf, writes} from '../support/recipes.ts';
import {processesOf, remains, runsOf} from '../support/remains.ts';
import {Space, until} from '../support/space.ts';

/** shared ← mine, yours. */
function project(): Space {
  return Space.create(
    recipes({
      't/shared': {steps: {wait: puppetStep('shared'), install: writes('shared')}},
      't/mine': {needs: ['shared'], steps: joins('mine', ['shared'])},
      't/yours': {needs: ['shared'], steps: joins('yours', ['shared'])},
    }),
  );
}

const WAITING = /waiting for t\/shared: another run \(pid (\d+)\)/;

test.serial(
  'each node is built once in total, and the second says whom it waits for',
  async (t) => {
    await using space = project();
    const first = space.start(['build', '--json']);
    await new Puppet(space, 'shared').begun();
    const second = space.start(['build', '--json']);
    await until('the second waits', () => WAITING.test(second.output()));
    t.is(WAITING.exec(second.output())?.[1], String(first.child.pid));
    await new Puppet(space, 'shared').go();
    const results = [resultOf(await first.ended), resultOf(await second.ended)];
    t.true(
      results.every((one) => one.ok),
      space.report(),
    );
    const executed = results.flatMap((one) => one.executed).sort();
    t.deepEqual(executed, ['t/mine', 't/shared', 't/yours']);
    t.deepEqual(results[0]?.targets, results[1]?.targets);
    t.deepEqual(remains(space), []);
  },
);

test.serial('--no-wait: exit 4, and who has it', async (t) => {
  await using space = project();
  const first = space.start(['build', 'mine']);
  await new Puppet(space, 'shared').begun();
  const {stderr} = await space.expect(4, ['build', '--no-wait']);
  t.regex(stderr, /store\/locked/);
  t.regex(
    stderr,
    new RegExp(`t/shared is being built by another run \\(pid ${String(first.child.pid)}\\)`),
  );
  await new Puppet(space, 'shared').go();
  t.is((await first.ended).status, 0);
});

test.serial('whoever waits takes over when the other is killed', async (t) => {
  await using space = project();
  const first = space.start(['build']);
  await new Puppet(space, 'shared').begun();
  const second = space.start(['build', '--json']);
  await until('the second waits', () => WAITING.test(second.output()));
  const [run = ''] = runsOf(space);
  first.child.kill('SIGKILL');
  await first.ended;
  await until('its processes end', () => processesOf(space, run).length === 0);
  await new Puppet(space, 'shared').go();
  const ran = await second.ended;
  t.is(ran.status, 0, space.report());
  t.deepEqual([...resultOf(ran).executed].sort(), ['t/mine', 't/shared', 't/yours']);
  await until('all processes end', () => processesOf(space).length === 0);
  await space.expect(0, ['build']);
  t.deepEqual(remains(space), []);
});

test.serial('Ctrl-C ends the waiting, and leaves the other at work', async (t) => {
  await using space = project();
  const first = space.start(['build']);
  await new Puppet(space, 'shared').begun();
  const second = space.start(['build']);
  await until('the second waits', () => WAITING.test(second.output()));
  second.child.kill('SIGINT');
  t.is((await second.ended).status, 130);
  await new Puppet(space, 'shared').go();
  t.is((await first.ended).status, 0, space.report());
  t.deepEqual(remains(space), []);
});

test.serial('what failed for the first is tried by the second', async (t) => {
  await using space = Space.create(
    recipes({'t/shared': {steps: {wait: puppetStep('shared'), install: 'exit 3'}}}),
  );
  const first = space.start(['build']);
  await new Puppet(space, 'shared').begun();
  const second = space.start(['build']);
  await until('the second waits', () => WAITING.test(second.output()));
  await new Puppet(space, 'shared').go();
  t.is((await first.ended).status, 1);
  await new Puppet(space, 'shared').go();
  t.is((await second.ended).status, 1);
  t.deepEqual(remains(space), []);
});

test.serial('two projects share one store', async (t) => {
  await using one = Space.create(recipes({'t/same': {}, 't/other': {}}));
  await using two = Space.create({
    ...recipes({'t/same': {}, 't/new': {}}),
    'recipes.config.yaml': `store: {path: ${one.at('shared')}}\n`,
  });
  const store = ['--store', one.at('shared')];
  const both = await Promise.all([
    one.run(['build', '--json', ...store]),
    two.run(['build', '--json']),
  ]);
  const executed = both.flatMap((ran) => resultOf(ran).executed).sort();
  t.deepEqual(executed, ['t/new', 't/other', 't/same']);
});
