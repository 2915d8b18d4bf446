/**
 * Where things of one job lie: in its scratch folder, as the worker sees it and as the sandbox
 * sees it. Names only; nothing is made here.
 */

/** Where the worker has the store: its own mount of it, so that closed parents do not matter. */
export const STORE_MOUNT = '/sys/s';

/** The folders inside a sandbox. */
export const INSIDE = {
  build: '/build',
  sysroot: '/sysroot',
  tools: '/tools',
  control: '/run/recipes',
  status: '/run/recipes/status',
  steps: '/run/recipes/steps',
} as const;

/** The folders of a scratch folder, relative to the store. */
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
  /** /run/recipes, read-only inside: steps and variables. */
  readonly control: string;
  /** /run/recipes/status: what the step shell reports. */
  readonly status: string;
  readonly etc: string;
  readonly tools: string;
  /** The jobserver's fifo. */
  readonly tokens: string;
  /** The fifo through which all output goes to the log. */
  readonly output: string;
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
    control: at('control'),
    status: at('status'),
    etc: at('etc'),
    tools: at('tools'),
    tokens: at('tokens'),
    output: at('output'),
  };
}

/** A fifo in the status folder that nobody writes to: reading from it is a pause. */
export const PAUSE = 'pause';

/** The run a scratch folder is of: `scratch/<run>/<n>`. */
export function runOfScratch(root: string): {readonly id: string} {
  return {id: root.split('/').at(-2) ?? ''};
}

/** A path of the store as the worker's own children see it. */
export function absolute(path: string): string {
  return `${STORE_MOUNT}/${path}`;
}
