/**
 * Roots for tests: trees told as paths and texts, and the node of a root recipe over such layers.
 */
import {blobDigest, sha256, type BlobDigest} from '../../../engine/base/hash.ts';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import type {Label} from '../../../engine/base/label.ts';
import {ok} from '../../../engine/base/result.ts';
import {layersOf} from '../../../engine/graph/closure.ts';
import {linkProject} from '../../../engine/graph/link.ts';
import type {BuildNode} from '../../../engine/graph/model.ts';
import {sortEntries} from '../../../store/manifest.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {recipeText, Space} from '../load/space.ts';

/** Path → text of a file, `> target` for a link, `/` for a folder; parents are there too. */
export type Files = Readonly<Record<string, string>>;

/** Contents by digest. */
export const texts: Map<BlobDigest, string> = new Map();

export function contentOf(text: string): {size: number; digest: BlobDigest; hardlink: undefined} {
  const digest = blobDigest(sha256(text));
  texts.set(digest, text);
  return {size: text.length, digest, hardlink: undefined};
}

export function treeOf(files: Files): readonly TreeEntry[] {
  const plain = {uid: 0, gid: 0, xattrs: []};
  const folders = new Set<string>();
  for (const [path, text] of Object.entries(files)) {
    const parts = path.split('/');
    parts.forEach((_, n) => n > 0 && folders.add(parts.slice(0, n).join('/')));
    if (text === '/') folders.add(path);
  }
  const entries = Object.entries(files).flatMap(([path, text]): TreeEntry[] => {
    if (text === '/') return [];
    if (text.startsWith('> ')) {
      return [{type: 'link', path, mode: 0o777, target: text.slice(2), ...plain}];
    }
    return [{type: 'file', path, mode: 0o644, ...plain, ...contentOf(text)}];
  });
  const dirs = [...folders].map((path): TreeEntry => ({type: 'dir', path, mode: 0o755, ...plain}));
  return sortEntries([...dirs, ...entries]);
}

/** The node of a root recipe with this text below `root:`, and its layers' labels, all of them of t. */
export function rootNode(
  root: string,
  names: readonly string[],
  more: Files = {},
): Checked<{readonly node: BuildNode; readonly order: readonly Label[]}> {
  const recipes = names.map((name) => [`recipes/t/${name}.yaml`, recipeText(name)]);
  const text = `package: sys\nversion: "3"\nsummary: A root\nroot:\n${root.replace(/^/gm, '  ')}\n`;
  using space = Space.with({
    'recipes.config.yaml': `sets: {all: ['t/*', '@none'], none: []}\n`,
    'recipes/generated.yaml': `generated:
  - {globs: [etc/ld.so.cache], trigger: ldconfig -r ., program: ldconfig, summary: x}
  - {globs: ['usr/share/fonts/**/x'], trigger: fc-cache, program: fc-cache, summary: x}
  - {globs: ['**/*.pyc'], summary: x}
`,
    ...Object.fromEntries(recipes),
    'recipes/r/sys.yaml': text,
    ...more,
  });
  const graph = linkProject(space.load().project);
  if (!graph.ok) return graph;
  const node = graph.value.nodes.get('r/sys' as Label) as BuildNode;
  return ok({node, order: layersOf(graph.value, node.label).layers});
}
