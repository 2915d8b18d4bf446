/** Steps and machines that fail: what is said, what is skipped, what is kept, what is never a hit. */
import fs from 'node:fs';
import test from 'ava';
import {matchesGolden} from '../support/golden.ts';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipe, recipes, resultOf, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space, until} from '../support/space.ts';

/** What differs from run to run, replaced. */
function steady(text: string): string {
  return text
    .replace(/\d+(\.\d+)? s\b|\d+m\d+s/g, 'N s')
    .replace(/-[0-9a-f]{8}-\d+\.log/g, '-KEY.log');
}

/** bad ← above ← top; slow beside them, `after` behind slow. */
function project(bad = 'exit 7'): Space {
  return Space.create(
    recipes({
      't/bad': {steps: {configure: 'echo checking', compile: `echo one\necho two >&2\n${bad}`}},
      't/above': {needs: ['bad'], steps: joins('above', ['bad'])},
      't/top': {needs: ['above'], steps: joins('top', ['above'])},
      't/slow': {steps: {wait: puppetStep('slow'), install: writes('slow')}},
      't/after': {needs: ['slow'], steps: joins('after', ['slow'])},
    }),
  );
}

/** Builds all with two jobs; `slow` goes on once `bad` has failed. */
async function failing(space: Space, ...argv: string[]): Promise<ReturnType<typeof resultOf>> {
  const running = space.start(['build', '--json', '-j2', ...argv]);
  const slow = new Puppet(space, 'slow');
  await slow.begun();
  await until('bad has failed', () => running.output().includes('failed (exit 7'));
  await slow.go();
  const ran = await running.ended;
  if (ran.status !== 1) throw new Error(space.report());
  return resultOf(ran);
}

const sorted = (labels: readonly string[]): string[] => [...labels].sort();

test.serial('the failure block', async (t) => {
  await using space = project();
  const {stderr} = await space.expect(1, ['build', 'top']);
  matchesGolden(t, 'run/failure.txt', steady(stderr));
});

test.serial('after a failure what runs is finished, and nothing new begins', async (t) => {
  await using space = project();
  const {executed, failed, skipped} = await failing(space);
  t.deepEqual({executed, failed}, {executed: ['t/slow'], failed: ['t/bad']});
  t.deepEqual(sorted(skipped), ['t/above', 't/after', 't/top']);
  t.deepEqual(remains(space), []);
});

test.serial('-k goes on with all that does not need it', async (t) => {
  await using space = project();
  const {executed, failed, skipped} = await failing(space, '-k');
  t.deepEqual({executed, failed}, {executed: ['t/slow', 't/after'], failed: ['t/bad']});
  t.deepEqual(sorted(skipped), ['t/above', 't/top']);
});

test.serial('--on-error continue is -k, --on-error kill ends what runs', async (t) => {
  await using space = project();
  t.deepEqual((await failing(space, '--on-error', 'continue')).executed, ['t/slow', 't/after']);
  await using other = project(
    `while [ ! -e /build/go ]; do read -r -t 0.05 <> <(:) || :; done\nexit 7`,
  );
  const running = other.start(['build', '--json', '-j2', '--on-error', 'kill']);
  await new Puppet(other, 'slow').begun();
  await until('bad runs', () => running.output().includes('t/bad: build'));
  const [run = ''] = fs.readdirSync(other.at('.recipes/scratch'));
  const told = new Set<string>();
  await until('both are told to go', () => {
    for (const job of fs.readdirSync(other.at(`.recipes/scratch/${run}`))) {
      const folder = `.recipes/scratch/${run}/${job}/build`;
      if (told.has(job) || !other.exists(folder)) continue;
      other.write(`${folder}/go`, '');
      told.add(job);
    }
    return told.size === 2;
  });
  const {executed, failed, skipped} = resultOf(await running.ended);
  t.deepEqual({executed, failed}, {executed: [], failed: ['t/bad']});
  t.deepEqual(sorted(skipped), ['t/above', 't/after', 't/slow', 't/top']);
  t.deepEqual(remains(other), []);
});

test.serial('a failure is never a hit, and is repaired by a change', async (t) => {
  await using space = Space.create(recipes({'t/bad': {steps: 'echo first\nexit 3'}}));
  await space.expect(1, ['build']);
  t.is(JSON.parse((await space.expect(0, ['show', 'bad', '--json'])).stdout).state, 'failed');
  const again = await space.expect(1, ['build']);
  t.regex(again.stderr, /t\/bad: build \(failed last time\)/);
  space.edit('recipes/t/bad.yaml', 'exit 3', 'true');
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, ['t/bad']);
});

test.serial('log: the last, the one before, where it is', async (t) => {
  await using space = Space.create(recipes({'t/bad': {steps: 'echo first\nexit 3'}}));
  const none = await space.expect(1, ['log', 'bad']);
  t.regex(none.stderr, /t\/bad has no log/);
  await space.expect(1, ['build']);
  t.is((await space.expect(0, ['log', 'bad'])).stdout, 'first\n');
  t.regex((await space.expect(1, ['log', '--previous', 'bad'])).stderr, /no log before the last/);
  space.edit('recipes/t/bad.yaml', 'echo first', 'echo second');
  await space.expect(1, ['build']);
  t.is((await space.expect(0, ['log', 'bad'])).stdout, 'second\n');
  t.is((await space.expect(0, ['log', 'bad', '--previous'])).stdout, 'first\n');
  const {stdout} = await space.expect(0, ['log', 'bad', '--path']);
  t.is(fs.readFileSync(stdout.trim(), 'utf8'), 'second\n');
});

test.serial('a step that hangs is ended, and that is not remembered', async (t) => {
  await using space = Space.create(
    recipes({'t/hang': {steps: puppetStep('hang'), build: {resources: {time: '1s'}}}}),
  );
  const {stderr} = await space.expect(1, ['build']);
  t.regex(stderr, /step\/timeout\n +step install was ended after 1 s\n +hint: resources: \{time/);
  t.regex(stderr, /by the machine: not remembered/);
  t.is(JSON.parse((await space.expect(0, ['show', 'hang', '--json'])).stdout).state, 'run');
  t.deepEqual(remains(space), []);
});

/** Each: steps of a build on `base`, and what is said of them. */
const REFUSED: Readonly<
  Record<string, {readonly steps: string; readonly build?: object; readonly says: RegExp}>
> = {
  'a missing expected output': {
    steps: writes('there'),
    build: {outputs: {expect: ['usr/share/there', 'usr/bin/missing', 'usr/lib/*.so']}},
    says: /usr\/bin\/missing[\s\S]*usr\/lib\/\*\.so/,
  },
  'a file of a need that is changed': {
    steps: 'echo mine > /sysroot/usr/share/base',
    says: /t\/base[\s\S]*\/?usr\/share\/base|\/?usr\/share\/base[\s\S]*t\/base/,
  },
  'a file of a need that is removed': {
    steps: 'rm /sysroot/usr/share/base',
    says: /usr\/share\/base/,
  },
  'a process left running': {
    steps: `${writes('a')}\ntail -f /dev/null &`,
    says: /step\/left-processes[\s\S]*still running: \d+ tail -f/,
  },
  'the network': {
    steps: ': < /dev/tcp/127.0.0.1/80',
    says: /exit 1/,
  },
  'a step that ends the shell': {
    steps: 'exit 0',
    says: /step\/ended-early/,
  },
  'an unset variable': {
    steps: 'echo "$nowhere"',
    says: /nowhere: unbound variable/,
  },
  'a text of the sandbox in an artifact': {
    steps: 'mkdir -p "$DESTDIR/usr"\necho "$DESTDIR/usr" > "$DESTDIR/usr/leak"',
    says: /usr\/leak/,
  },
};

for (const [name, {steps, build = {}, says}] of Object.entries(REFUSED)) {
  test.serial(`refused: ${name}`, async (t) => {
    await using space = Space.create(
      recipes({'t/base': {}, 't/odd': {needs: ['base'], steps, build}}),
    );
    const {stderr, stdout} = await space.expect(1, ['build', '--json']);
    t.regex(stderr, says);
    t.deepEqual(resultOf({stdout, stderr, status: 1, signal: null}).failed, ['t/odd']);
    t.deepEqual(remains(space), []);
  });
}

test.serial('what is declared may be replaced', async (t) => {
  await using space = Space.create(
    recipes({
      't/base': {},
      't/new': {
        needs: ['base'],
        steps: 'echo mine > /sysroot/usr/share/base',
        build: {outputs: {replaces: ['base']}},
      },
      't/user': {needs: ['new'], steps: joins('user', ['base'])},
    }),
  );
  await space.expect(0, ['build']);
  await space.expect(0, ['checkout', 'user', 'out']);
  t.is(space.read('out/usr/share/user'), 'mine\n');
});

test.serial('two needs that claim one path', async (t) => {
  await using space = Space.create(
    recipes({
      't/one': {steps: writes('same', 'one')},
      't/two': {steps: writes('same', 'two')},
      't/equal': {steps: writes('same', 'one')},
      't/both': {needs: ['one', 'two'], steps: joins('both', ['same'])},
      't/fine': {needs: ['one', 'equal'], steps: joins('fine', ['same'])},
    }),
  );
  await space.expect(0, ['build', 'fine']);
  const {stderr} = await space.expect(1, ['build', 'both']);
  t.regex(stderr, /t\/one and t\/two, both needed by t\/both, have different \/usr\/share\/same/);
  t.regex(stderr, /recipes\/t\/both\.yaml:\d+:\d+/);
});

test.serial('a tool that the machine does not have', async (t) => {
  await using space = Space.create(
    recipes({
      't/a': {tools: ['no-such-tool']},
      't/b': {tools: ['another-missing-tool']},
    }),
  );
  const {stderr} = await space.expect(5, ['build']);
  t.regex(stderr, /no-such-tool/);
  t.regex(stderr, /another-missing-tool/, 'all at once');
  const plan = JSON.parse((await space.expect(0, ['build', '-n', '--json'])).stdout);
  t.is(plan.missingTools.length, 2);
  t.false(plan.ok);
});

test.serial('shell --failed opens what the failed step has left', async (t) => {
  await using space = Space.create({
    ...recipes({
      't/bad': {
        recipe: {sources: [{path: './bad/src'}]},
        steps: {
          compile: 'mkdir sub\ncd sub\necho made > made\necho kept > "$DESTDIR/kept"\nfalse',
        },
        build: {env: {MODE: 'quick'}},
      },
    }),
    'recipes/t/bad/src/file': 'source\n',
  });
  t.regex(
    (await space.expect(1, ['shell', '--failed', 'bad', '-c', 'true'])).stderr,
    /no failed build/,
  );
  await space.expect(1, ['build']);
  const script = 'pwd; cat made ../file /sysroot/kept; echo "$MODE $package"; exit 9';
  const {stdout} = await space.expect(9, ['shell', '--failed', 'bad', '-c', script]);
  t.is(stdout, '/build/bad-1/sub\nmade\nsource\nkept\nquick bad\n');
  t.deepEqual(remains(space), []);
});

test.serial('many failures: each has its block, and all are listed again at the end', async (t) => {
  await using space = Space.create(
    recipes({
      't/one': {steps: 'echo one\nexit 1'},
      't/two': {steps: 'echo two\nkill -TERM $BASHPID'},
      't/fine': {},
      't/uses-one': {needs: ['one']},
    }),
  );
  const {stderr} = await space.expect(1, ['build', '-k', '-j1']);
  matchesGolden(t, 'run/failures.txt', steady(stderr));
});

test.serial('a failed need of two is told once', async (t) => {
  await using space = Space.create(recipes({'t/bad': {steps: 'exit 1'}}));
  for (const name of ['x', 'y'])
    space.write(`recipes/t/${name}.yaml`, recipe(`t/${name}`, {needs: ['bad']}));
  const {stderr} = await space.expect(1, ['build', '-k']);
  t.regex(stderr, /skipped because of it: t\/x, t\/y {2}\(2 of 3\)/);
});
