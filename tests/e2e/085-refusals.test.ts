/** What commands answer when there is nothing to answer with: code, exit status, remedy. */
import test from 'ava';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipes, writes} from '../support/recipes.ts';
import {Space, until} from '../support/space.ts';

function project(): Space {
  return Space.create(
    recipes({
      't/lib': {steps: {wait: puppetStep('lib'), install: writes('lib')}},
      't/app': {needs: ['lib'], steps: joins('app', ['lib'])},
      't/broken': {steps: 'false'},
      't/user': {needs: ['broken']},
    }),
  );
}

for (const [argv, status, words] of [
  [['log', 'app'], 1, /store\/no-log\n {2}t\/app has no log/],
  [['shell', '--failed', 'app', '-c', 'true'], 1, /store\/no-failed-build/],
  [['why', 'lib', 'app'], 1, /target\/no-path\n {2}t\/lib does not need t\/app/],
  [['owner', '/usr/share/app'], 1, /target\/no-owner/],
  [['files', 'app'], 1, /target\/not-built\n.*\n {2}hint: recipes build t\/app/],
  [['shell', 'user', '-c', 'true'], 1, /build\/skipped\n {2}what it needs could not be built/],
] as const) {
  test(`recipes ${argv.join(' ')}`, async (t) => {
    await using space = project();
    const {stderr, stdout} = await space.expect(status, argv);
    t.regex(stderr, words);
    t.is(stdout, '');
  });
}

test('a run that waits for another is interrupted: it says for what it waited', async (t) => {
  await using space = project();
  const first = space.start(['build', 'lib']);
  await new Puppet(space, 'lib').begun();
  const second = space.start(['build', 'lib', '--progress', 'json']);
  await until('the second waits', () => second.output().includes('"waiting"'));
  second.child.kill('SIGINT');
  const ended = await second.ended;
  t.is(ended.status, 130);
  t.regex(ended.stderr, /cancelled|build\/interrupted/);
  await new Puppet(space, 'lib').go();
  t.is((await first.ended).status, 0);
});
