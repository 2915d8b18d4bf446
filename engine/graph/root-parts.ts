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
import type {SolidEntry, TreeEntry} from '../../store/tree-entry.ts';
import type {BuildNode} from './model.ts';

export interface RootParts {
  readonly node: BuildNode;
  /** Lowest first: each layer's run closure before it. */
  readonly layers: readonly {readonly owner: Label; readonly entries: readonly TreeEntry[]}[];
  /** For each source its name and content. */
  readonly files: ReadonlyMap<string, FileContent>;
  /** The bytes of a file of a layer. */
  readonly read: (digest: BlobDigest) => Buffer;
  /** Folders that are there before any layer is laid, parents first. */
  readonly ground?: readonly SolidEntry[];
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
  /** Whether all is where its layer has it: no link was followed, nothing taken away. */
  readonly isStraight: boolean;
  /** Paths that the result depends on, whether there is something or not. */
  readonly asked: ReadonlySet<BytePath>;
  /**
   * Which layers have something at a path, lowest first and counted from 0: for each path that not
   * just one has, and for those that were asked for and are there.
   */
  readonly bearers: ReadonlyMap<BytePath, readonly number[]>;
}

/** A layer as the store has it. */
export interface StoredLayer {
  readonly owner: Label;
  /** Undefined: it cannot be read. */
  readonly read: () => ManifestText | undefined;
  /** What it was when the root was laid together before, if it was something else. */
  readonly before: ManifestText | undefined;
}

/** A root of the same layers in the same order that was laid together before. */
export interface RootBefore extends Pick<ComposedRoot, 'placed' | 'bearers'> {
  readonly root: ManifestText;
  /** All paths that a layer has as one of several of a file. */
  readonly linked: ReadonlySet<BytePath>;
}

export interface RecomposeParts extends Omit<RootParts, 'layers'> {
  readonly layers: readonly StoredLayer[];
  readonly before: RootBefore;
}

type Kept = 'contents' | 'triggers' | 'placed' | 'bearers';

export interface RecomposedRoot extends Pick<ComposedRoot, Kept> {
  readonly manifest: Buffer;
  readonly linked: ReadonlySet<BytePath>;
  /** What is not as it was before, and what was there instead. */
  readonly changed: RootChange;
}

export interface RootChange {
  readonly now: readonly TreeEntry[];
  readonly before: readonly TreeEntry[];
}

/** How roots are laid together. */
export interface RootComposer {
  readonly compose: Compose;
  /** Undefined: the whole has to be laid together. */
  readonly recompose: (parts: RecomposeParts) => RecomposedRoot | undefined;
}

/** Lays a root together, or says all that stands against it. Pure but for `read`. */
export type Compose = (parts: RootParts) => Checked<ComposedRoot>;
