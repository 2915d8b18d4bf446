/** What runs beside what: jobs, make's tokens, processors, memory, the most urgent first. */
import os from 'node:os';
import test, {type ExecutionContext} from 'ava';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipes, resultOf, writes, type Sketch} from '../support/recipes.ts';
import {Space, until, type Running} from '../support/space.ts';

function puppet(name: string, more: Sketch = {}): Sketch {
  return {...more, steps: {wait: puppetStep(name), install: writes(name)}};
}

/** A make with four targets that each wait for orders: `<name>-1` to `<name>-4`. */
function makes(name: string, more: Sketch = {}): Sketch {
  const targets = [1, 2, 3, 4].map((at) => `${name}-${String(at)}`);
  const makefile = `all: ${targets.join(' ')}\\n${targets.join(' ')}:\\n\\t@bash ./wait $@\\n`;
  const compile = [
    `cat > wait <<'END'\nset -e\n${puppetStep('$1')}\nEND`,
    `printf '${makefile}' > Makefile`,
    'make',
  ].join('\n');
  return {...more, tools: ['make'], steps: {compile, install: writes(name)}};
}

class Stage {
  readonly #puppets: readonly Puppet[];
  readonly #names: readonly string[];
  readonly running: Running;

  constructor(space: Space, running: Running, names: readonly string[]) {
    this.running = running;
    this.#names = names;
    this.#puppets = names.map((name) => new Puppet(space, name));
  }

  /** Those waiting for orders now, that have not been told to go. */
  get waiting(): string[] {
    return this.#names.filter(
      (name, at) => this.#puppets[at]?.waits === true && !this.#gone.has(name),
    );
  }

  /** Waits until so many wait at the same time. */
  async waits(count: number): Promise<string[]> {
    await until(
      `${String(count)} wait, not ${this.waiting.join(' ')}\n${this.running.output()}`,
      () => this.waiting.length === count,
    );
    return this.waiting;
  }

  async go(name: string): Promise<void> {
    await this.#puppets[this.#names.indexOf(name)]?.go();
    this.#gone.add(name);
  }

  readonly #gone = new Set<string>();

  /** Lets all go, one after another, and sees that never more than so many wait together. */
  async drain(t: ExecutionContext, most: number): Promise<string[]> {
    const order: string[] = [];
    while (this.#gone.size < this.#names.length) {
      await until(
        `one of the rest begins\n${this.running.output()}`,
        () => this.waiting.length > 0,
      );
      t.true(this.waiting.length <= most, this.waiting.join(' '));
      const [first = ''] = this.waiting;
      order.push(first);
      await this.go(first);
    }
    return order;
  }
}

function stage(space: Space, names: readonly string[], ...argv: string[]): Stage {
  return new Stage(space, space.start(['build', ...argv]), names);
}

const made = (name: string): string[] => [1, 2, 3, 4].map((at) => `${name}-${String(at)}`);

test.serial('-j1: one after another, the longest path first', async (t) => {
  await using space = Space.create(
    recipes({
      't/short': puppet('short'),
      't/one': puppet('one'),
      't/two': puppet('two', {needs: ['one']}),
      't/three': puppet('three', {needs: ['two']}),
    }),
  );
  const build = stage(space, ['short', 'one', 'two', 'three'], '-j1');
  t.deepEqual((await build.drain(t, 1)).slice(0, 2), ['one', 'two']);
  t.is((await build.running.ended).status, 0, space.report());
});

test.serial('-j2: two at a time, and what is known to take long goes first', async (t) => {
  await using space = Space.create(
    recipes({'t/a': puppet('a'), 't/b': puppet('b'), 't/c': puppet('c')}),
  );
  const build = stage(space, ['a', 'b', 'c'], '-j2');
  await build.waits(2);
  const order = await build.drain(t, 2);
  t.is(order.length, 3);
  t.is((await build.running.ended).status, 0, space.report());
});

test.serial('a make alone has all jobs, and never more', async (t) => {
  await using space = Space.create(recipes({'t/m': makes('m')}));
  const build = stage(space, made('m'), '-j2');
  await build.waits(2);
  await build.drain(t, 2);
  t.is((await build.running.ended).status, 0, space.report());
});

test.serial('two makes share the jobs, and one that ends leaves its to the other', async (t) => {
  await using space = Space.create(recipes({'t/m': makes('m'), 't/n': makes('n')}));
  const build = stage(space, [...made('m'), ...made('n')], '-j3');
  const waiting = await build.waits(3);
  t.true(waiting.some((one) => one.startsWith('m')) && waiting.some((one) => one.startsWith('n')));
  await build.drain(t, 3);
  t.is((await build.running.ended).status, 0, space.report());
});

test.serial('what becomes ready gets back a job that was lent', async (t) => {
  const borrows = [
    'read -r -N1 -u3 token',
    puppetStep('borrowed'),
    'printf %s "$token" >&4',
    puppetStep('still'),
  ].join('\n');
  await using space = Space.create(
    recipes({
      't/first': puppet('first'),
      't/wide': puppet('wide', {needs: ['first'], build: {resources: {cpu: 3}}}),
      't/borrower': {steps: {compile: borrows, install: writes('borrower')}},
    }),
  );
  const build = stage(space, ['first', 'borrowed', 'wide', 'still'], '-j4');
  t.deepEqual(await build.waits(2), ['first', 'borrowed']);
  await build.go('first');
  await until('first is built', () => /t\/first built/.test(build.running.output()));
  await build.go('borrowed');
  t.deepEqual(await build.waits(2), ['wide', 'still'], 'wide runs before the borrower has ended');
  await build.drain(t, 2);
  t.is((await build.running.ended).status, 0, space.report());
});

test.serial('a busy make gives back a job that was lent', async (t) => {
  await using space = Space.create(
    recipes({
      't/first': puppet('first'),
      't/wide': puppet('wide', {needs: ['first'], build: {resources: {cpu: 3}}}),
      't/m': {
        tools: ['make'],
        steps: {
          // Thousands of short jobs: it would take minutes to do them all.
          compile: `printf 'all: $(shell seq 60000)\\n%%:\\n\\t@[ ! -e stop ] || kill $$PPID\\n' > Makefile
make || true`,
          install: writes('m'),
        },
      },
    }),
  );
  const build = stage(space, ['first', 'wide'], '-j4');
  await build.go('first');
  await until('wide begins', () => build.waiting.includes('wide'));
  t.notRegex(build.running.output(), /t\/m built/);
  build.running.child.kill('SIGINT');
  t.is((await build.running.ended).status, 130);
});

test.serial('a build that reserves processors gets them and knows how many', async (t) => {
  const counts = (name: string, cpu: number): Sketch => ({
    steps: {
      wait: puppetStep(name),
      install: `mkdir -p "$DESTDIR"\necho "$jobs" > "$DESTDIR/${name}"`,
    },
    build: {resources: {cpu}},
  });
  await using space = Space.create(
    recipes({'t/two': counts('two', 2), 't/many': counts('many', 64), 't/one': counts('one', 1)}),
  );
  const build = stage(space, ['two', 'many', 'one'], '-j2');
  await build.drain(t, 1);
  t.is((await build.running.ended).status, 0, space.report());
  for (const [name, jobs] of [
    ['two', '2'],
    ['many', '2'],
    ['one', '1'],
  ] as const) {
    await space.expect(0, ['checkout', name, `out-${name}`]);
    t.is(space.read(`out-${name}/${name}`), `${jobs}\n`);
  }
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json', '-j8'])).executed, []);
});

test.serial('builds whose memory does not fit together run one after another', async (t) => {
  const memory = `${String(Math.floor((os.totalmem() * 0.6) / 2 ** 20))}MiB`;
  const large = (name: string): Sketch => puppet(name, {build: {resources: {memory}}});
  await using space = Space.create(recipes({'t/a': large('a'), 't/b': large('b')}));
  const build = stage(space, ['a', 'b'], '-j2');
  await build.drain(t, 1);
  t.is((await build.running.ended).status, 0, space.report());
});

test.serial('what takes long is known from the last time', async (t) => {
  await using space = Space.create(
    recipes({
      't/a': puppet('a'),
      't/b': puppet('b'),
      't/c': {needs: ['b'], steps: joins('c', ['b'])},
    }),
  );
  const first = stage(space, ['a', 'b'], '-j2');
  await first.waits(2);
  const begun = performance.now();
  await first.go('b');
  await until('b and c are built', () => /t\/c built/.test(first.running.output()));
  const both = performance.now() - begun;
  await until('a takes longer than both', () => performance.now() - begun > 2 * both + 500);
  await first.go('a');
  t.is((await first.running.ended).status, 0);
  const plan = JSON.parse((await space.expect(0, ['build', '-n', '--json', '--force'])).stdout);
  t.is(plan.plan.length, 3);
  const again = stage(space, ['a', 'b'], '-j1', '--force');
  t.deepEqual(await again.drain(t, 1), ['a', 'b']);
  t.is((await again.running.ended).status, 0, space.report());
});
