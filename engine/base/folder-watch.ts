/**
 * Watches folders: tells the path of whatever changes directly in one of them. The one file that
 * loads chokidar, when the first folder is watched.
 *
 * Only folders are watched, none of their files: one inotify watch each, and what is written,
 * renamed over or removed inside is told by the kernel's raw event at once. Who listens reads
 * things anew and compares by content; so an event too many costs a look, and none is missed:
 * `watch` resolves when the folders are watched, and whoever has read them before reads again.
 *
 * Where the machine gives no more watches (ENOSPC, EMFILE), everything is looked at again and
 * again instead.
 */
import type {FSWatcher} from 'chokidar';
import path from 'node:path';
import {errorCode, exists, realPath, unless} from './files.ts';

/** What chokidar is to us; tests bring a failing one. */
export type MakeWatcher = typeof import('chokidar').watch;

export interface WatchEvents {
  /** Something at this path, named through the folder it was watched by. */
  changed(file: string): void;
  /** Whether a file is worth looking at again and again. */
  matters(file: string): boolean;
  /** There are no more watches: polling from now on. Told once. */
  limited(code: string): void;
}

/** Milliseconds between two looks where watches are not to be had. */
const POLL = 250;

/** What the kernel says when watches or their queue are used up (inotify_add_watch(2)). */
const LIMITS = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);

/** Invariant: each folder of `#folders` belongs to exactly one watcher, by its real path. */
export class FolderWatch {
  readonly #events: WatchEvents;
  readonly #folders = new Map<string, FSWatcher>();
  readonly #lost = new Set<string>();
  #make: MakeWatcher | undefined;
  #polling = false;
  #closed = false;

  constructor(events: WatchEvents, make?: MakeWatcher) {
    this.#events = events;
    this.#make = make;
  }

  get size(): number {
    return this.#folders.size;
  }

  get polling(): boolean {
    return this.#polling;
  }

  /** Watches these folders and no others. True when some of them were not watched before. */
  async watch(wanted: Iterable<string>): Promise<boolean> {
    const all = new Set(wanted);
    const isOver = (folder: string): boolean => !all.has(folder) || this.#isLost(folder);
    for (const folder of [...this.#folders.keys()].filter(isOver)) this.#drop(folder);
    this.#lost.clear();
    const added = [...all].filter((folder) => !this.#folders.has(folder) && isThere(folder));
    if (added.length > 0) await this.#add(added);
    return added.length > 0;
  }

  /**
   * A folder that was removed, renamed or made anew has lost its watch, and all below it: the
   * next `watch` watches it again. (Not at once: chokidar bears no closing while it tells.)
   */
  forget(folder: string): void {
    this.#lost.add(folder);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const watchers = new Set(this.#folders.values());
    this.#folders.clear();
    await Promise.all([...watchers].map((one) => one.close()));
  }

  async #add(folders: readonly string[]): Promise<void> {
    this.#make ??= (await import('chokidar')).watch;
    // Two names, one of them through a link, may be one folder.
    const names = new Map<string, string[]>();
    for (const folder of folders) {
      const real = realPath(folder);
      names.set(real, [...(names.get(real) ?? []), folder]);
    }
    const watcher = this.#make([...names.keys()], {
      depth: 0,
      ignoreInitial: true,
      ignorePermissionErrors: true,
      followSymlinks: false,
      atomic: false,
      usePolling: this.#polling,
      interval: POLL,
      binaryInterval: POLL,
      // Without the files of a folder chokidar watches the folder alone. Polling needs them.
      ignored: (file: string) => !names.has(file) && !(this.#polling && this.#events.matters(file)),
    });
    for (const folder of folders) this.#folders.set(folder, watcher);
    const tell = (file: string): void => {
      for (const folder of names.get(path.dirname(file)) ?? []) {
        const inside = path.join(folder, path.basename(file));
        // What happens to the folder itself comes as its own name, like that of something inside.
        const isSelf = path.basename(file) === path.basename(folder) && !exists(inside);
        this.#tell(isSelf ? folder : inside);
      }
    };
    watcher.on('raw', (_, file, details) => {
      tell(path.resolve(folderOf(details), file));
    });
    watcher.on('all', (_, file) => {
      tell(file);
    });
    const limited = new Promise<boolean>((resolve) => {
      watcher.on('error', (error) => {
        resolve(this.#failed(error));
      });
      watcher.once('ready', () => resolve(false));
    });
    if (await limited) return this.#poll();
    // What polling compares with is looked at for the first time soon after, but not at once.
    if (this.#polling) await pause(POLL);
  }

  #tell(file: string): void {
    if (!this.#closed) this.#events.changed(file);
  }

  /** True when the watches are used up, and this is the first time it is seen. */
  #failed(error: unknown): boolean {
    const code = errorCode(error) ?? '';
    if (!LIMITS.has(code) || this.#polling || this.#closed) return false;
    this.#polling = true;
    this.#events.limited(code);
    return true;
  }

  /** All that is watched, by looking at it. */
  async #poll(): Promise<void> {
    const folders = [...this.#folders.keys()];
    const watchers = new Set(this.#folders.values());
    this.#folders.clear();
    await Promise.all([...watchers].map((one) => one.close()));
    const there = folders.filter(isThere);
    if (!this.#closed && there.length > 0) await this.#add(there);
  }

  #isLost(folder: string): boolean {
    return [...this.#lost].some((one) => folder === one || folder.startsWith(`${one}/`));
  }

  #drop(folder: string): void {
    const watcher = this.#folders.get(folder);
    this.#folders.delete(folder);
    if (watcher === undefined) return;
    const isUsed = [...this.#folders.values()].includes(watcher);
    if (!isUsed) void watcher.close();
    else watcher.unwatch(unless(GONE, () => realPath(folder)) ?? folder);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const GONE = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'];

function isThere(folder: string): boolean {
  return unless(GONE, () => realPath(folder)) !== undefined;
}

/** What chokidar says of a raw event: the folder by whose watch it came. */
function folderOf(details: unknown): string {
  const {watchedPath} = (details ?? {}) as {readonly watchedPath?: string};
  return watchedPath ?? '/';
}
