/**
 * Where what is remembered between calls lies: `$XDG_CACHE_HOME/recipes`, else `~/.cache/recipes`.
 * In the user's cache and not in the store, whose place is known only when the configuration has
 * been read. A cache that cannot be used is none. Knows nothing of what is in its files.
 */
import path from 'node:path';
import * as files from '../base/files.ts';
import {sha256} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import {SHIPPED} from './shipped.ts';

/**
 * The file for what came of `subject` (anything JSON tells apart) on this machine, for this user,
 * with these variables; undefined where there is no place for it.
 */
export function cachePlace(host: Host, folder: string, subject: unknown): string | undefined {
  const {HOME: home, XDG_CACHE_HOME: cache, XDG_CONFIG_HOME: config} = host.env;
  const base = cache?.startsWith('/') === true ? cache : home && path.join(home, '.cache');
  if (base?.startsWith('/') !== true) return undefined;
  const ours = Object.entries(host.env).filter(([name]) => name.startsWith('RECIPES_'));
  const machine = [host.arch, host.cores, host.uid];
  const all = [codeStamp(), machine, host.cwd, home, config, ours.sort(), subject];
  return path.join(base, 'recipes', folder, sha256(JSON.stringify(all)));
}

/** Another installation of the program, or another version in its place, has caches of its own. */
function codeStamp(): readonly unknown[] {
  // The second is written by the compiler, whatever file has changed.
  const stamps = ['engine/cli/main.cjs', 'tsconfig.tsbuildinfo'].map((name) => {
    const stat = files.lookAt(path.join(SHIPPED, 'dist', name));
    return [stat?.ino, stat?.ctimeMs];
  });
  return [SHIPPED, stamps];
}

/** What was kept; undefined where nothing can be read that this user has written. */
export function readCache(host: Host, place: string): Buffer | undefined {
  try {
    // Somebody else's word counts for nothing.
    return files.lookAt(place)?.uid === host.uid ? files.readFile(place) : undefined;
  } catch (error) {
    if (files.errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** So many files are kept in a folder. */
const MOST = 32;

/** Keeps some bytes; the files longest not written go. */
export function writeCache(place: string, bytes: Buffer | readonly Buffer[]): void {
  try {
    const folder = path.dirname(place);
    files.makeDirs(folder, 0o700);
    removeOld(folder);
    // What replaces another by its name ext4 writes out at once: 20 ms, for a cache.
    files.unless(['ENOENT'], () => files.unlink(place));
    files.writeFileAtomic(place, bytes, {durable: false, mode: 0o600});
  } catch (error) {
    if (files.errorCode(error) === undefined) throw error;
  }
}

function removeOld(folder: string): void {
  const names = files.namesIn(folder);
  if (names.length < MOST) return;
  const ages = names.map((name) => {
    const place = path.join(folder, name);
    return {place, at: files.lookAt(place)?.mtimeMs ?? 0};
  });
  ages.sort((a, b) => a.at - b.at);
  for (const {place} of ages.slice(0, names.length - MOST + 1)) files.unlink(place);
}
