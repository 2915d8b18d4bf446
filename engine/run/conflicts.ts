/**
 * Sees that no two layers of an environment claim one path with different content.
 * Works on manifests only, before anything is mounted.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import type {Label} from '../base/label.ts';
import {toText} from '../../store/bytes.ts';
import {isSame} from '../../store/same-entry.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';

export interface LayerTree {
  readonly owner: Label;
  readonly entries: readonly TreeEntry[];
  /** Labels whose files this layer may cover. */
  readonly replaces: readonly Label[];
}

/** More of the same kind tell nothing new. */
const MOST = 20;

/**
 * One diagnostic for each path that two layers claim with different content. `layers` lowest
 * first; the first `baseLayers` of them are the base, which anything may cover.
 */
export function findConflicts(
  user: Label,
  layers: readonly LayerTree[],
  baseLayers: number,
): readonly Diagnostic[] {
  const claims = new Map<string, {readonly owner: Label; readonly entry: TreeEntry}>();
  const found: Diagnostic[] = [];
  for (const layer of layers.slice(baseLayers)) {
    for (const entry of layer.entries) {
      const other = claims.get(entry.path);
      if (other === undefined || layer.replaces.includes(other.owner)) {
        claims.set(entry.path, {owner: layer.owner, entry});
      } else if (!agree(other.entry, entry) && found.length < MOST) {
        found.push(conflict(user, entry, other.owner, layer.owner));
      }
    }
  }
  return found;
}

/** Folders may be shared whoever made them; everything else must be the same to the bit. */
function agree(a: TreeEntry, b: TreeEntry): boolean {
  if (a.type === 'dir' && b.type === 'dir') return true;
  return a.type === 'whiteout' || b.type === 'whiteout' ? a.type === b.type : isSame(a, b);
}

function conflict(user: Label, entry: TreeEntry, first: Label, second: Label): Diagnostic {
  const message = `${first} and ${second}, both needed by ${user}, have different /${toText(entry.path)}`;
  return problem('build/conflict', message, {
    hint: `leave the file out of one (outputs.ignore), or let ${second} replace it (outputs.replaces: [${first}])`,
  });
}
