/** What changes a key and what does not. */
import test from 'ava';
import fc from 'fast-check';
import {actionKey, sha256, treeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import type {ResolvedInputs} from '../../../engine/graph/describe.ts';
import {
  actionKeyOf,
  actionManifest,
  computeRecipeKeys,
  KEY_VERSION,
  recipeKeyOf,
  recipeManifest,
} from '../../../engine/graph/key.ts';
import {printsNeeded} from '../../../engine/graph/prints.ts';
import type {Placement, RemoteSource} from '../../../engine/load/model.ts';
import {NO_PRINTS, patch, printsFor, resolvedFor} from './resolved.ts';
import {
  at,
  graphOf,
  label,
  linked,
  local,
  projectFrom,
  projectOf,
  remote,
  type Builds,
  type BuildText,
} from './values.ts';

test('the manifest begins with the version of the format', (t) => {
  const graph = graphOf({'lfs/x': []});
  t.is(recipeManifest(graph, label('lfs/x'), NO_PRINTS)[0], `recipe = ${KEY_VERSION}`);
  const resolved = resolvedFor(graph, label('lfs/x'));
  t.is(actionManifest(graph, label('lfs/x'), NO_PRINTS, resolved)[0], `action = ${KEY_VERSION}`);
});

const PLAIN: BuildText = {
  in: 'host',
  needs: ['a', 'b'],
  sources: [remote('x.tar', '1', '2')],
  patches: [patch('fix.patch')],
  tools: ['cc'],
  env: {CFLAGS: '-O2', B: '1'},
  variables: {version: '1', list: ['a', 'b']},
  expect: ['usr/bin/x'],
  steps: [
    {name: 'compile', text: 'make'},
    {name: 'install', text: 'make install'},
  ],
  test: {needs: ['a'], known: ['one']},
};

function keyWith(change: BuildText, of = 'lfs/x'): string {
  const graph = graphOf({'lfs/x': {...PLAIN, ...change}, 'lfs/a': [], 'lfs/b': [], 'lfs/c': []});
  return recipeKeyOf(graph, label(of), printsFor(graph));
}

function source(change: Partial<RemoteSource>, place: Partial<Placement> = {}): BuildText {
  const one = remote('x.tar', '1', '2');
  return {sources: [{...one, ...change, placement: {...one.placement, ...place}}]};
}

const matters: Readonly<Record<string, BuildText>> = {
  'the environment': {in: 'root'},
  'the kind': {kind: 'make'},
  'an added need': {needs: ['a', 'b', 'c']},
  'the order of needs': {needs: ['b', 'a']},
  'a need that becomes one for running only': {needs: ['a', 'b run']},
  'a digest': source({places: remote('x.tar', '3', '2').places}),
  'a further place with other bytes': source({places: remote('x.tar', '1', '2', '3').places}),
  'the order of places': source({places: remote('x.tar', '2', '1').places}),
  'the name of a source': source({}, {name: 'y.tar'}),
  strip: source({}, {strip: 2}),
  into: source({}, {into: 'other'}),
  subdir: source({}, {subdir: 'src'}),
  unpack: source({}, {unpack: false}),
  'another patch': {patches: [patch('other.patch')]},
  'how a patch is applied': {patches: [{...patch('fix.patch'), strip: 2}]},
  'a tool': {tools: ['cc', 'make']},
  'a value of env': {env: {CFLAGS: '-O3', B: '1'}},
  'a further env': {env: {CFLAGS: '-O2', B: '1', C: ''}},
  'a variable': {variables: {version: '2', list: ['a', 'b']}},
  'a list': {variables: {version: '1', list: ['b', 'a']}},
  'a list that is a text': {variables: {version: '1', list: 'a b'}},
  'the flags of the shell': {shell: ['errexit']},
  'the text of a step': {steps: [{name: 'compile', text: 'make '}]},
  'the order of steps': {steps: [...(PLAIN.steps ?? [])].reverse()},
  'an expected file': {expect: ['usr/bin/y']},
  'an ignored file': {ignore: ['usr/share']},
  'a permitted leak': {leaks: ['**']},
  'a replaced label': {replaces: ['a']},
  'the folder of the build': {top: 'elsewhere'},
};

for (const [what, change] of Object.entries(matters)) {
  test(`another recipe key: ${what}`, (t) => {
    t.not(keyWith(change), keyWith({}));
    t.not(keyWith(change, 'lfs/x#test'), keyWith({}, 'lfs/x#test'), 'and of the test');
  });
}

const immaterial: Readonly<Record<string, BuildText>> = {
  resources: {resources: {cpu: 8, memoryBytes: 5, milliseconds: 5}},
  'where a source comes from': source({
    places: remote('x.tar', '1', '2').places.map((one) => ({...one, url: 'https://other/x'})),
  }),
  'the stated size': source({size: 5}),
  'the order in which env and variables are written': {
    env: {B: '1', CFLAGS: '-O2'},
    variables: {list: ['a', 'b'], version: '1'},
  },
  'the folder a patch file lies in': {
    patches: [{...patch('fix.patch'), file: '/elsewhere/fix.patch'}],
  },
  'positions in files': {at: at('elsewhere.yaml', 99)},
  'a further need for running': {needs: ['a', 'b', 'x:other run']},
};

for (const [what, change] of Object.entries(immaterial)) {
  test(`the same recipe key: ${what}`, (t) => {
    const builds: Builds = {
      'lfs/x': {...PLAIN, ...change},
      'lfs/x:other': [],
      'lfs/a': [],
      'lfs/b': [],
    };
    const graph = graphOf(builds);
    const key: string = recipeKeyOf(graph, label('lfs/x'), printsFor(graph));
    t.is(key, keyWith({}));
  });
}

const testMatters: Readonly<Record<string, NonNullable<BuildText['test']>>> = {
  'its steps': {needs: ['a'], known: ['one'], steps: [{name: 'check', text: 'true'}]},
  'its needs': {needs: ['b'], known: ['one']},
  'known failures': {needs: ['a'], known: ['one', 'two']},
};

for (const [what, change] of Object.entries(testMatters)) {
  test(`another key of a test, not of its build: ${what}`, (t) => {
    t.not(keyWith({test: change}, 'lfs/x#test'), keyWith({}, 'lfs/x#test'));
    t.is(keyWith({test: change}), keyWith({}));
  });
}

test('summary, place of the file, store, jobs and root of the project are in no key', (t) => {
  const one = projectFrom({'lfs/x': {builds: {main: {env: {A: '1'}}}}});
  const [recipe] = one.recipes;
  if (recipe === undefined) throw new Error('no recipe');
  const other = {
    ...one,
    root: '/elsewhere',
    config: {...one.config, jobs: 99, storePath: '/else', maxDownloadBytes: 1},
    recipes: [{...recipe, summary: 'Else', homepage: 'https://x', license: 'MIT', file: '/else'}],
  };
  const key = (project: typeof one): string =>
    recipeKeyOf(linked(project), label('lfs/x'), NO_PRINTS);
  t.is(key(one), key(other));
});

test('what no artifact may own is in every key, without its triggers and in any order', (t) => {
  const one = projectOf({'lfs/x': []});
  const key = (generated: typeof one.generated): string =>
    recipeKeyOf(linked({...one, generated}), label('lfs/x'), NO_PRINTS);
  const turned = [...one.generated].reverse().map(({glob}) => ({glob, trigger: 'other'}));
  t.is(key(turned), key(one.generated));
  t.not(key([...one.generated, {glob: 'etc/ld.so.cache', trigger: undefined}]), key(one.generated));
});

test('two labels never share a key', (t) => {
  const graph = graphOf({'lfs/x': {}, 'local/x': {}, 'lfs/x:two': {}});
  t.is(new Set(computeRecipeKeys(graph, NO_PRINTS).values()).size, 3);
});

const MANY: Builds = {
  'lfs/x': {...PLAIN, in: 'sys'},
  'lfs/x:lib32': {...PLAIN, sources: [local('src', '/p/src')]},
  'lfs/sys': ['a'],
  'lfs/a': ['b run'],
  'lfs/b': {in: 'host', sources: [remote('b.tar', '4')]},
};

test('equal projects give equal keys, whatever the order of files', (t) => {
  const project = projectOf(MANY);
  const keys = (recipes: typeof project.recipes): readonly (readonly [string, string])[] => {
    const graph = linked({...project, recipes});
    return [...computeRecipeKeys(graph, printsFor(graph))];
  };
  const expected = keys(project.recipes);
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...project.recipes], {minLength: project.recipes.length}),
      (recipes) => {
        t.deepEqual(keys(recipes), expected);
      },
    ),
    {numRuns: 20},
  );
});

const X = label('lfs/x');

/** The action key of a build in the host's environment with one need and one source. */
function actionWith(change: (resolved: ResolvedInputs) => Partial<ResolvedInputs>): string {
  const graph = graphOf({'lfs/x': {...PLAIN}, 'lfs/a': [], 'lfs/b': []});
  const resolved = resolvedFor(graph, X);
  return actionKeyOf(graph, X, printsFor(graph), {...resolved, ...change(resolved)});
}

const actions: Readonly<Record<string, (resolved: ResolvedInputs) => Partial<ResolvedInputs>>> = {
  'a staged tree': (resolved) => ({
    layers: resolved.layers.map((one) => ({...one, tree: treeDigest(sha256('other'))})),
  }),
  'whose tree it is': (resolved) => ({
    layers: resolved.layers.map((one) => ({...one, label: `${one.label}:other` as Label})),
  }),
  'the order of layers': (resolved) => ({layers: [...resolved.layers].reverse()}),
  'a layer more': (resolved) => ({
    layers: [...resolved.layers, {label: label('lfs/c'), tree: treeDigest(sha256('c'))}],
  }),
  'the source used': () => ({sources: [{name: 'x.tar', digest: sha256('other')}]}),
  'a tool of the host': () => ({fingerprint: {make: 'sha256 1', cc: 'sha256 3'}}),
  'the policy of the sandbox': () => ({policy: 2}),
};

for (const [what, change] of Object.entries(actions)) {
  test(`another action key: ${what}`, (t) => {
    t.not(
      actionWith(change),
      actionWith(() => ({})),
    );
  });
}

test('the order in which tools are listed is nothing', (t) => {
  const turned = actionWith(() => ({fingerprint: {cc: 'sha256 2', make: 'sha256 1'}}));
  t.is(
    turned,
    actionWith(() => ({})),
  );
});

test('tools of the host count only where they are seen', (t) => {
  const graph = graphOf({'lfs/x': {in: 'root'}});
  const resolved = resolvedFor(graph, X);
  t.is(
    actionKeyOf(graph, X, NO_PRINTS, resolved),
    actionKeyOf(graph, X, NO_PRINTS, {...resolved, fingerprint: {}}),
  );
});

test('a test follows the action key of its build', (t) => {
  const graph = graphOf({'lfs/x': {test: {}}});
  const of = label('lfs/x#test');
  const resolved = resolvedFor(graph, of);
  const other = {...resolved, subject: actionKey(sha256('other'))};
  t.not(actionKeyOf(graph, of, NO_PRINTS, resolved), actionKeyOf(graph, of, NO_PRINTS, other));
  t.throws(() => actionKeyOf(graph, of, NO_PRINTS, {...resolved, subject: undefined}), {
    message: /key of lfs\/x/,
  });
});

test('a base that is not staged is a bug of the caller', (t) => {
  const graph = graphOf({'lfs/x': {in: 'sys'}, 'lfs/sys': []});
  const resolved = {...resolvedFor(graph, X), layers: []};
  t.throws(() => actionKeyOf(graph, X, NO_PRINTS, resolved), {message: /not staged/});
});

test('prints: what is needed, what changes, what is missing', (t) => {
  const build: BuildText = {patches: [patch('fix.patch')], sources: [local('src', '/p/src')]};
  const graph = graphOf({'lfs/x': {...build, test: {}}, 'lfs/y': build});
  const needed = printsNeeded(graph, [label('lfs/x#test'), X]);
  t.deepEqual(
    needed.paths.map((node) => node.label),
    [label('lfs/x@src')],
  );
  t.deepEqual(
    needed.patches.map((one) => one.name),
    ['fix.patch'],
  );
  const prints = printsFor(graph);
  const key = recipeKeyOf(graph, X, prints);
  const paths = new Map(needed.paths.map((one) => [one.label, 'tree other']));
  t.not(recipeKeyOf(graph, X, {...prints, paths}), key);
  const patches = new Map([...prints.patches].map(([file]) => [file, 'other']));
  t.not(recipeKeyOf(graph, X, {...prints, patches}), key);
  t.throws(() => recipeKeyOf(graph, X, NO_PRINTS), {message: /print of lfs\/x@src/});
  t.throws(() => recipeKeyOf(graph, X, {...prints, patches: new Map()}), {message: /fix.patch/});
});

test('the key of a download: the list of digests, nothing else', (t) => {
  const key = (places: RemoteSource): string => {
    const graph = graphOf({'lfs/x': {sources: [places], steps: []}});
    return recipeKeyOf(graph, label('lfs/x@x.tar'), NO_PRINTS);
  };
  const one = remote('x.tar', '1', '2');
  const moved = one.places.map((place) => ({...place, url: 'https://other/x'}));
  t.is(key(one), key({...one, places: moved, placement: {...one.placement, strip: 7}}));
  t.not(key(one), key(remote('x.tar', '2', '1')));
});
