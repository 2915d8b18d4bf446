/**
 * Which places of a root are written to where it runs: what lies there is a copy, never a hard
 * link into the store.
 */
import type {BytePath} from '../../store/bytes.ts';

const PLACES = ['etc/', 'var/'];

export function isWritable(path: BytePath): boolean {
  return PLACES.some((place) => path.startsWith(place));
}
