/**
 * What a root was laid together from the last time: then little is to be done when little changed.
 * `aux/root-<16 hex of its label's sha256>`, a sealed file. Whatever is missing or
 * damaged, or was made by other rules, is no memory: the whole is laid together then.
 */
import {lookAt, readFile, unless, unlink, writeFileAtomic} from '../base/files.ts';
import {canonicalJson, sha256, type ActionKey, type TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import type {BuildNode} from '../graph/model.ts';
import type {BytePath} from '../../store/bytes.ts';
import {giveToOwner} from '../../store/commit.ts';
import {auxIn, type Store} from '../../store/layout.ts';
import {readRecord} from '../../store/records.ts';
import {decodeSealed, encodeSealed} from '../../store/sealed.ts';
import {hasTree} from '../../store/trees.ts';
import {isMarked} from '../../store/verified.ts';

/** Raised whenever the same layers may come to another root. */
const RULES = 2;

export interface RootMemory {
  readonly layers: readonly {readonly owner: Label; readonly tree: TreeDigest}[];
  /** What they came to, and how many entries that has. */
  readonly tree: TreeDigest;
  readonly count: number;
  /** Paths that the recipe itself had put something at. */
  readonly placed: readonly BytePath[];
  /** Which layers have what: graph/root-parts.ts. */
  readonly bearers: ReadonlyMap<BytePath, readonly number[]>;
  /** Paths that are one of several of a file in a layer. */
  readonly linked: ReadonlySet<BytePath>;
  /** Whether that is the whole root: nothing was run in it. */
  readonly isWhole: boolean;
  /** Whether its files lacked nothing that they need. */
  readonly lacksNothing: boolean;
}

interface Kept extends Omit<RootMemory, 'bearers' | 'linked'> {
  /** Identifies what decides about all paths. */
  readonly print: string;
  /** Numbers with a blank between. */
  readonly bearers: Readonly<Record<BytePath, string>>;
  readonly linked: readonly BytePath[];
}

/** Undefined also where the root is laid together by another recipe now, or its tree has gone. */
export function recallRoot(store: Store, node: BuildNode): RootMemory | undefined {
  const file = fileOf(store, node);
  if (lookAt(file)?.isFile() !== true) return undefined;
  const bytes = unless(['ENOENT', 'EACCES', 'EIO'], () => readFile(file));
  const kept = bytes && (decodeSealed(bytes) as Kept | undefined);
  if (kept?.print !== printOf(node)) return undefined;
  if (!hasTree(store, kept.tree)) return undefined;
  const bearers = Object.entries(kept.bearers).map(([at, text]) => [at, numbersIn(text)] as const);
  return {...kept, bearers: new Map(bearers), linked: new Set(kept.linked)};
}

function numbersIn(text: string): readonly number[] {
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Never durable: it may be lost. Never fails: it may be missing. */
export function rememberRoot(store: Store, node: BuildNode, memory: RootMemory): void {
  const file = fileOf(store, node);
  const {bearers, linked, ...plain} = memory;
  const kept: Kept = {
    print: printOf(node),
    ...plain,
    bearers: Object.fromEntries([...bearers].map(([at, numbers]) => [at, numbers.join(' ')])),
    linked: [...linked],
  };
  unless(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EISDIR', 'ENOENT'], () => {
    writeFileAtomic(file, encodeSealed(kept), {durable: false});
    giveToOwner(store, file);
  });
}

/** For a root of which nothing can be told: the next one is laid together from the start. */
export function forgetRoot(store: Store, node: BuildNode): void {
  unless(['ENOENT', 'EROFS', 'EACCES', 'EIO', 'EISDIR', 'EPERM'], () => {
    unlink(fileOf(store, node));
  });
}

/**
 * Which layers need no look before a root is laid together again: those whose bytes were hashed
 * since the machine was started. Most of them are not read now, and what was damaged meanwhile is
 * found when the root is used; so none is spared where that has just happened: the tree the root
 * had by its record, or the one it was laid together to the last time, has gone then.
 */
export function sparedTrees(
  store: Store,
  node: BuildNode,
  key: ActionKey | undefined,
): (tree: TreeDigest) => boolean {
  const record = key === undefined ? undefined : readRecord(store, key, undefined, 'leave');
  const had = record?.ok === true ? record.value?.tree : undefined;
  const isLost = had !== undefined && !hasTree(store, had);
  if (isLost || recallRoot(store, node)?.isWhole !== true) return () => false;
  return (tree) => isMarked(store, `tree ${tree}`);
}

function fileOf(store: Store, {label}: BuildNode): string {
  return auxIn(store, `root-${sha256(label).slice(0, 16)}`);
}

function printOf({build, root}: BuildNode): string {
  return canonicalJson([RULES, build.root?.exclude ?? [], root?.overrides ?? []]);
}
