/** What is proposed for a line begun, as the shells ask for it. */
import test from 'ava';
import {recipes} from '../../support/recipes.ts';
import {Space} from '../../support/space.ts';

const CONFIG = 'sets: {tour: [t/*], all: ["**"]}\n';

function project(): Space {
  return Space.create({
    ...recipes({'t/one': {}, 't/two': {}, 'u/one': {}}),
    'recipes.config.yaml': CONFIG,
  });
}

/** The words proposed where the line ends. */
async function proposals(space: Space, line: string, shell = 'bash'): Promise<string[]> {
  const env = {
    COMP_CWORD: String(line.split(' ').length - 1),
    COMP_LINE: line,
    COMP_POINT: String(line.length),
    SHELL: `/bin/${shell}`,
  };
  const {stdout, stderr} = await space.expect(0, ['completion-server'], {env});
  if (stderr !== '') throw new Error(stderr);
  return stdout.split('\n').filter((word) => word !== '');
}

const LABELS = ['t/one', 't/two', 'u/one'];
const SETS = ['@all', '@tour'];

/** The line, and the words; `…` at the end: these among others. */
const LINES: readonly (readonly [string, readonly string[]])[] = [
  ['recipes bu', ['build']],
  ['recipes s', ['show', 'shell', 'source', 'schema', 'store']],
  ['recipes nothing-like-this', []],
  ['recipes build ', [...LABELS, ...SETS]],
  ['recipes build t/', ['t/one', 't/two']],
  ['recipes build t/one u', ['u/one']],
  ['recipes build @', SETS],
  ['recipes checkout t/t', ['t/two']],
  ['recipes source prefer u', ['u/one']],
  ['recipes doctor ', []],
  ['recipes --js', ['--json']],
  ['recipes build --of', ['--offline']],
  ['recipes build t/one --dr', ['--dry-run']],
  ['recipes build --tests ', ['none', 'critical', 'all']],
  ['recipes build --on-error k', ['kill']],
  ['recipes --color a', ['auto', 'always']],
  ['recipes build --trace ', []],
  ['recipes config ', ['show']],
  ['recipes source p', ['pin', 'prefer']],
  ['recipes config show --or', ['--origin']],
  ['recipes completion ', ['bash', 'zsh', 'fish']],
  // Options with a value in front of the command.
  ['recipes -q bui', ['build']],
  ['recipes --store build bui', ['build']],
  ['recipes -j 4 bui', ['build']],
  ['recipes --store s build t/o', ['t/one']],
  ['recipes build -j 4 t/o', ['t/one']],
  ['recipes build -j4 -k t/o', ['t/one']],
];

test.serial('what is proposed', async (t) => {
  await using space = project();
  for (const [line, words] of LINES) t.deepEqual(await proposals(space, line), words, line);
});

test.serial('-C: labels of the project it points to', async (t) => {
  await using space = project();
  const line = `recipes -C ${space.at('recipes')} build t/`;
  t.deepEqual(
    await proposals(space, line),
    ['t/one', 't/two'],
    'found upwards from a folder of it',
  );
  t.deepEqual(await proposals(space, 'recipes -C /nowhere build t/'), []);
});

test.serial('zsh and fish get the same words', async (t) => {
  await using space = project();
  for (const shell of ['zsh', 'fish'])
    t.deepEqual(await proposals(space, 'recipes build t/', shell), ['t/one', 't/two'], shell);
});

test.serial('a broken project or none proposes nothing and says nothing', async (t) => {
  await using space = project();
  space.write('recipes/t/two.yaml', 'package: [\n');
  t.deepEqual(await proposals(space, 'recipes build t/'), []);
  t.deepEqual(await proposals(space, 'recipes bu'), ['build']);
  await using nothing = Space.create();
  nothing.write('recipes.config.yaml', 'nonsense: 1\n');
  t.deepEqual(await proposals(nothing, 'recipes build '), []);
});

test.serial('without a shell that asks, the server says nothing', async (t) => {
  await using space = project();
  t.is((await space.expect(0, ['completion-server'])).stdout, '');
});

test.serial('the scripts of the shells ask the server', async (t) => {
  await using space = project();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const {stdout} = await space.expect(0, ['completion', shell]);
    t.true(stdout.includes('recipes completion-server'), shell);
  }
  const wrong = await space.expect(2, ['completion', 'tcsh']);
  t.regex(
    wrong.stderr,
    /usage\/wrong[^]*there is no completion for 'tcsh'[^]*one of bash, zsh, fish/,
  );
});
