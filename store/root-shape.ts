/**
 * Whether what a root file says is a root: gc relies on all it says to decide what goes. The
 * checksum finds damage; this, what another program has written.
 */
import {isDigest} from '../engine/base/hash.ts';

type Facts = Readonly<Record<string, unknown>>;

/** Whether a value read from a root file has the shape of one (roots.ts). */
export function isRoot(value: unknown): boolean {
  if (!isFacts(value)) return false;
  switch (value['kind']) {
    case 'pin':
      return hasTexts(value, ['name', 'label']) && isHeld(value['held']);
    case 'project':
      return hasTexts(value, ['path']) && isListOf(value['builds'], isBuilt);
    case 'generation':
      return (
        hasTexts(value, ['profile', 'folder', 'label', 'key', 'tree']) &&
        Number.isSafeInteger(value['n']) &&
        isHeld(value['held']) &&
        (value['system'] === undefined || isSystem(value['system'])) &&
        (value['packages'] === undefined || isListOf(value['packages'], isPackage))
      );
    default:
      return false;
  }
}

function isSystem(value: unknown): boolean {
  if (!isFacts(value)) return false;
  const {boot} = value;
  if (boot === undefined) return true;
  return isFacts(boot) && hasTexts(boot, ['kernel', 'init', 'command']);
}

function isPackage(value: unknown): boolean {
  return (
    isFacts(value) &&
    hasTexts(value, ['label', 'version', 'tree']) &&
    Number.isSafeInteger(value['size'])
  );
}

function isBuilt(value: unknown): boolean {
  return isFacts(value) && isListOf(value['targets'], isText) && isHeld(value['held']);
}

function isHeld(value: unknown): boolean {
  if (!isFacts(value)) return false;
  return ['keys', 'trees', 'blobs'].every((one) => isListOf(value[one], isDigestText));
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null;
}

function hasTexts(value: Facts, names: readonly string[]): boolean {
  return names.every((name) => isText(value[name]));
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isDigestText = (value: unknown): boolean => typeof value === 'string' && isDigest(value);

function isListOf(value: unknown, fits: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}
