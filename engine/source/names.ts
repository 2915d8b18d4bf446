/**
 * A set of file names as a tree in memory, and where its symbolic links lead: used for archives
 * before they are unpacked and for folders before they are imported. Touches no disk.
 * Paths are relative, their parts divided by one `/`; the empty path is the folder itself.
 */
import {err, ok, type Result} from '../base/result.ts';

export interface Names {
  /** Undefined: only known as the folder above another name. */
  is: 'folder' | 'file' | 'link' | undefined;
  /** Of a link: its target as written. */
  target: string | undefined;
  inside: Map<string, Names> | undefined;
}

/** As many links as Linux follows before it says ELOOP (path_resolution(7)). */
const MOST_HOPS = 40;

export function newNames(): Names {
  return {is: undefined, target: undefined, inside: undefined};
}

/** What is known at a path. */
export function find(names: Names, path: string): Names | undefined {
  let node: Names | undefined = names;
  for (const part of partsOf(path)) node = node?.inside?.get(part);
  return node;
}

/** What adding a name came to: how many nodes it made, or why it cannot be. */
export type Added = Result<number, 'below-file' | 'below-link' | 'twice'>;

/**
 * Adds a name; says what is wrong when something else has that name, or has the name of a folder
 * above it. The order of adding plays no part: nothing can lie below a file or behind a link.
 */
export function addName(
  names: Names,
  path: string,
  is: 'folder' | 'file' | 'link',
  target?: string,
): Added {
  let node = names;
  let made = 0;
  for (const part of partsOf(path)) {
    if (node.is === 'file') return err('below-file');
    if (node.is === 'link') return err('below-link');
    node.inside ??= new Map();
    let next = node.inside.get(part);
    if (next === undefined) {
      node.inside.set(part, (next = newNames()));
      made += 1;
    }
    node = next;
  }
  const same = node.is === is && node.target === target;
  const fits = node.is === undefined && (is === 'folder' || node.inside === undefined);
  if (!same && !fits) return err('twice');
  node.is = is;
  node.target = target;
  return ok(made);
}

/**
 * Follows a link and every link on its way: the number of steps that took, or why it leads to
 * nothing inside. Whether there is something at its end does not matter. Absolute targets
 * leave: where the folder will lie is not known.
 */
export function followLink(names: Names, at: string): Result<number, 'leaves' | 'loops'> {
  // Where we are, from the top down; undefined where nothing is known.
  const here: (Names | undefined)[] = [names];
  const todo = partsOf(at).reverse();
  let steps = 0;
  let hops = 0;
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    steps += 1;
    if (part === '..') {
      here.pop();
      if (here.length === 0) return err('leaves');
      continue;
    }
    const next = here.at(-1)?.inside?.get(part);
    if (next?.target === undefined) here.push(next);
    else if (next.target.startsWith('/')) return err('leaves');
    else if ((hops += 1) > MOST_HOPS) return err('loops');
    else todo.push(...partsOf(next.target).reverse());
  }
  return ok(steps);
}

/** The parts of a path, without empty ones and dots. */
export function partsOf(path: string): string[] {
  const parts = path.split('/');
  // Most paths are clean: this runs for each of 300,000 names.
  return parts.includes('') || parts.includes('.') ? parts.filter(isPart) : parts;
}

function isPart(part: string): boolean {
  return part !== '' && part !== '.';
}
