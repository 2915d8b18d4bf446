/**
 * The keys of twelve recipes as they are today, with the lines behind them. A golden that changes
 * is a new key format: raise KEY_VERSION and write them anew with UPDATE_GOLDEN=1.
 */
import test from 'ava';
import {sha256} from '../../../engine/base/hash.ts';
import {
  actionKeyOf,
  actionManifest,
  recipeKeyOf,
  recipeManifest,
} from '../../../engine/graph/key.ts';
import type {GitSource} from '../../../engine/load/model.ts';
import {matchesGolden} from '../../support/golden.ts';
import {NO_PRINTS, patch, printsFor, resolvedFor} from './resolved.ts';
import {at, graphOf, local, placement, remote, type Builds} from './values.ts';

const golden: Readonly<Record<string, Builds>> = {
  smallest: {'lfs/x': []},
  'host-autotools': {
    'lfs/x': {
      in: 'host',
      kind: 'autotools',
      sources: [remote('hello-2.10.tar.gz', '1', '2')],
      tools: ['make', 'cc'],
      env: {LDFLAGS: '-s', CFLAGS: '-O2'},
      variables: {package: 'x', version: '2.10', nls: 'false', with_configure: ['--disable-nls']},
      steps: [
        {name: 'configure', text: './configure "${with_configure[@]}"\n'},
        {name: 'install', text: 'make install\nrm -f "$DESTDIR/usr/share/info/dir"\n'},
      ],
      expect: ['usr/bin/hello'],
    },
  },
  needs: {
    'lfs/x': ['b', 'a build', 'c run'],
    'lfs/a': ['d'],
    'lfs/b': [],
    'lfs/c': [],
    'lfs/d': [],
  },
  base: {'lfs/x': {in: 'sys', needs: ['a']}, 'lfs/sys': ['a'], 'lfs/a': []},
  test: {
    'lfs/x': {
      in: 'host',
      needs: ['a'],
      test: {needs: ['tcl'], known: ['t2', 't1'], critical: true},
    },
    'lfs/a': [],
    'lfs/tcl': [],
  },
  'path-source': {'lfs/x': {sources: [local('src', '/project/src')]}},
  'git-source': {
    'lfs/x': {
      sources: [
        {
          type: 'git',
          at: at('x', 1),
          placement: placement('repo'),
          url: 'https://host.invalid/repo.git',
          rev: 'b'.repeat(40),
        } satisfies GitSource,
      ],
    },
  },
  patches: {'lfs/x': {patches: [patch('fix.patch'), {...patch('more.patch'), strip: 0}]}},
  placements: {
    'lfs/x': {
      sources: [
        remote('a.tar.xz', '3'),
        {...remote('b.zip', '4'), placement: {...placement('b.zip'), unpack: false}},
        {
          ...remote('c.tar', '5'),
          placement: {...placement('c.tar'), into: 'c', subdir: 'src', unpack: {inner: 'd.tar.gz'}},
        },
      ],
      top: 'a',
    },
  },
  outputs: {
    'lfs/x': {
      needs: ['a'],
      expect: ['usr/lib/*.so', 'usr/bin/x'],
      ignore: ['usr/share/doc/**'],
      leaks: ['usr/lib/x/config.h'],
      replaces: ['a'],
    },
    'lfs/a': [],
  },
  'odd-names': {
    'lfs/x': {
      env: {'A B': 'ü "quoted" \\ \n\t', Z: ''},
      sources: [remote('a file = b.tar', '6')],
      shell: ['errexit'],
    },
  },
  variant: {'lfs/x:lib32': {needs: ['x'], env: {CC: 'gcc -m32'}}, 'lfs/x': []},
};

test('there are twelve goldens', (t) => {
  t.is(Object.keys(golden).length, 12);
});

for (const [name, builds] of Object.entries(golden)) {
  test(`golden keys: ${name}`, (t) => {
    const graph = graphOf(builds);
    const prints = printsFor(graph);
    const wanted = graph.order.filter((one) => one.startsWith('lfs/x'));
    const text = wanted.flatMap((one) => {
      const resolved = resolvedFor(graph, one);
      return [
        `# recipe key ${recipeKeyOf(graph, one, prints)}`,
        ...recipeManifest(graph, one, prints),
        `# action key ${actionKeyOf(graph, one, prints, resolved)}`,
        ...actionManifest(graph, one, prints, resolved),
        '',
      ];
    });
    matchesGolden(t, `keys/${name}.txt`, text.join('\n'));
  });
}

test('keys are the sha256 of their manifests', (t) => {
  const graph = graphOf(golden['test'] ?? {});
  const sum = (lines: readonly string[]): string =>
    sha256(lines.map((line) => `${line}\n`).join(''));
  for (const one of graph.order) {
    const resolved = resolvedFor(graph, one);
    const recipe: string = recipeKeyOf(graph, one, NO_PRINTS);
    const action: string = actionKeyOf(graph, one, NO_PRINTS, resolved);
    t.is(recipe, sum(recipeManifest(graph, one, NO_PRINTS)));
    t.is(action, sum(actionManifest(graph, one, NO_PRINTS, resolved)));
  }
});
