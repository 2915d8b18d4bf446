/**
 * Compares one thing a build left with what the layers have at its path.
 * Overlayfs copies a file up at the first touch, so being there does not mean being changed.
 */
import {fromBytes} from '../../store/bytes.ts';
import type {Label} from '../base/label.ts';
import * as files from '../base/files.ts';
import type {Reach} from '../../store/reach.ts';
import type {SolidEntry} from '../../store/tree-entry.ts';
import {isSame} from '../../store/same-entry.ts';
import {readContent} from './content.ts';
import type {Lowers, Owned} from './lowers.ts';
import type {Found} from './walk.ts';

export interface Compared {
  readonly found: Found;
  /** `none`: as the layers have it. */
  readonly change: 'none' | 'new' | 'changed';
  /** As a tree says it; undefined for what trees do not hold. */
  readonly entry: SolidEntry | undefined;
  /** What of the layers is covered by it. */
  readonly lost: readonly Owned[];
  /** Text of the file that names a folder of the sandbox. */
  readonly leak: string | undefined;
}

export interface Beside {
  /** Into the folder that was walked. */
  readonly reach: Reach;
  readonly lowers: Lowers;
  readonly isUntouched: (found: Found) => boolean;
  /** Whether the build stands in for this artifact: what both have is its own too. */
  readonly isReplaced: (owner: Label) => boolean;
  /** How an entry of the layers looks on disk: without owners where those cannot be given. */
  readonly laidOut: (entry: SolidEntry) => SolidEntry;
}

export function compare(found: Found, beside: Beside): Compared {
  const lower = beside.lowers.at(found.path);
  if (lower !== undefined && beside.isUntouched(found)) {
    return {found, change: 'none', entry: lower.entry, lost: [], leak: undefined};
  }
  const {entry, leak} = describe(found, beside.reach);
  if (entry === undefined) return {found, change: 'none', entry, lost: [], leak: undefined};
  if (lower === undefined) return {found, change: 'new', entry, lost: [], leak};
  if (isSame(entry, lower.entry) || isSame(entry, beside.laidOut(lower.entry))) {
    const kept = entry.type !== 'dir' && !lower.isBase && beside.isReplaced(lower.owner);
    if (kept) return {found, change: 'changed', entry: alone(lower.entry), lost: [lower], leak};
    return {found, change: 'none', entry: lower.entry, lost: [], leak: undefined};
  }
  const covers = lower.entry.type === 'dir' && entry.type !== 'dir';
  const lost = [lower, ...(covers ? beside.lowers.below(found.path) : [])];
  return {found, change: 'changed', entry, lost, leak};
}

/** Of which it is a hard link is seen on disk, and said there anew. */
function alone(entry: SolidEntry): SolidEntry {
  return entry.type === 'file' ? {...entry, hardlink: undefined} : entry;
}

interface Described {
  readonly entry: SolidEntry | undefined;
  readonly leak: string | undefined;
}

function describe({path, stat, xattrs}: Found, reach: Reach): Described {
  const {uid, gid} = stat;
  const common = {path, mode: stat.mode & 0o7777, uid, gid, xattrs};
  const at = reach.at(path);
  if (stat.isDirectory()) return {entry: {type: 'dir', ...common}, leak: undefined};
  if (stat.isFile()) {
    const {digest, leak} = readContent(at);
    return {entry: {type: 'file', ...common, size: stat.size, digest, hardlink: undefined}, leak};
  }
  if (stat.isSymbolicLink()) {
    const target = fromBytes(files.readLink(at));
    return {entry: {type: 'link', ...common, mode: 0o777, target}, leak: undefined};
  }
  return {entry: stat.isFIFO() ? {type: 'fifo', ...common} : undefined, leak: undefined};
}
