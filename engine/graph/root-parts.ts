/**
 * What a root is laid together from, and what that comes to: between whoever runs nodes and whoever
 * knows how roots are laid together. Types only.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {BlobDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import type {Step} from '../load/model.ts';
import type {BytePath} from '../../store/bytes.ts';
import type {ManifestText} from '../../store/manifest-text.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import type {BuildNode} from './model.ts';

export interface RootParts {
  readonly node: BuildNode;
  /** Lowest first: each layer's run closure before it. */
  readonly layers: readonly {readonly owner: Label; readonly entries: readonly TreeEntry[]}[];
  /** For each source its name and content. */
  readonly files: ReadonlyMap<string, FileContent>;
  /** The bytes of a file of a layer. */
  readonly read: (digest: BlobDigest) => Buffer;
}

export interface FileContent {
  readonly digest: BlobDigest;
  /** Bytes. */
  readonly size: number;
}

export interface ComposedRoot {
  /** A good tree. */
  readonly entries: readonly TreeEntry[];
  /** Contents the store may not have yet. */
  readonly contents: readonly Buffer[];
  /** What is to be run in it, in order. */
  readonly triggers: readonly Step[];
  /** Paths of what the recipe itself has put there, with the folders made for that. */
  readonly placed: readonly BytePath[];
  /** Whether each layer's folders are where that layer has them. */
  readonly isStraight: boolean;
}

/** A layer as the store has it. */
export interface StoredLayer {
  readonly owner: Label;
  readonly manifest: ManifestText;
}

/** A root of the same layers in the same order that was laid together before. */
export interface RootBefore {
  /** Those that were something else then; undefined: as now. */
  readonly layers: readonly (ManifestText | undefined)[];
  readonly root: ManifestText;
  /** What the recipe itself had put there. */
  readonly placed: readonly BytePath[];
}

export interface RecomposeParts extends Omit<RootParts, 'layers'> {
  readonly layers: readonly StoredLayer[];
  readonly before: RootBefore;
}

export interface RecomposedRoot extends Pick<ComposedRoot, 'contents' | 'triggers' | 'placed'> {
  /** The manifest. */
  readonly text: string;
}

/** How roots are laid together. */
export interface RootComposer {
  readonly compose: Compose;
  /** Undefined: the whole has to be laid together. */
  readonly recompose: (parts: RecomposeParts) => RecomposedRoot | undefined;
}

/** Lays a root together, or says all that stands against it. Pure but for `read`. */
export type Compose = (parts: RootParts) => Checked<ComposedRoot>;
