/**
 * All that is below a folder, in the order of manifests, however deep it is. Iterative, over bytes;
 * nothing is followed. Knows nothing of what is done with it.
 */
import * as files from '../engine/base/files.ts';
import {fromBytes, type BytePath} from './bytes.ts';
import {Reach} from './reach.ts';

export interface Visited<Facts> {
  readonly path: BytePath;
  readonly stat: Facts;
}

/** `skip`: what is not looked at, with all below it. `look`: lstat(2), undefined: it is gone. */
export function* walkFolder<Facts extends {isDirectory(): boolean}>(
  folder: string,
  skip: (path: BytePath) => boolean,
  look: (place: Buffer) => Facts | undefined,
): Generator<Visited<Facts>> {
  using reach = new Reach(folder);
  // What comes next is at the end.
  const waiting = namesDown(folder).filter((name) => !skip(name));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const stat = look(reach.at(path));
    // Removed since its folder was read: as if it had been a moment earlier.
    if (stat === undefined) continue;
    yield {path, stat};
    if (!stat.isDirectory()) continue;
    for (const name of namesDown(reach.at(path))) {
      const inner = `${path}/${name}`;
      if (!skip(inner)) waiting.push(inner);
    }
  }
}

/** The names in a folder, the last first. */
function namesDown(folder: files.PathLike): BytePath[] {
  const names = files.entriesOf(folder).map(({name}) => fromBytes(name));
  return names.sort().reverse();
}
