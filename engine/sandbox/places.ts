/**
 * Where things of one job lie: in its scratch folder, as the worker sees it and as the sandbox
 * sees it. Names only; nothing is made here.
 */

/** A mount in the worker's memory, which holds all that it works with. No build may see what is there else. */
export const TOP = '/sys';
/** Where the worker has the store: its own mount of it, so that closed parents do not matter. */
export const STORE_MOUNT: string = `${TOP}/s`;

/** Folders in the worker's memory: what they hold is small, and gone with the worker. */
export const MEMORY: string = `${TOP}/m`;
/** What jobs use one after the other. */
export const SLOTS: string = `${MEMORY}/slots`;
/** The /etc of host environments. */
export const ETC: string = `${MEMORY}/etc`;
/** /tools, a folder for each list of tools. */
export const TOOLS: string = `${MEMORY}/tools`;

/** The folders inside a sandbox. */
export const INSIDE = {
  build: '/build',
  sysroot: '/sysroot',
  tools: '/tools',
  control: '/run/recipes',
  status: '/run/recipes/status',
  steps: '/run/recipes/steps',
} as const;

/** The folders of a job, relative to the store. */
export interface Scratch {
  readonly root: string;
  /** /build. */
  readonly build: string;
  /** /tmp. */
  readonly temporary: string;
  /** Links to the layers' farms by number, 0 the topmost: short names for a mount. */
  readonly layers: string;
  readonly upper: string;
  readonly work: string;
  /** The mounted tree: /sysroot or /. */
  readonly merged: string;
}

export function scratchPlaces(root: string): Scratch {
  const at = (name: string): string => `${root}/${name}`;
  return {
    root,
    build: at('build'),
    temporary: at('tmp'),
    layers: at('layers'),
    upper: at('upper'),
    work: at('work'),
    merged: at('merged'),
  };
}

/** The run a scratch folder is of: `scratch/<run>/<n>`. */
export function runOfScratch(root: string): {readonly id: string} {
  return {id: root.split('/').at(-2) ?? ''};
}

/** A path of the store, or of the worker's memory, as the worker's own children see it. */
export function absolute(path: string): string {
  return path.startsWith('/') ? path : `${STORE_MOUNT}/${path}`;
}
