/**
 * What comes with the program: its version, its kinds, the places of its files.
 */
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {readText} from '../base/files.ts';

/** The folder of the package: package.json, recipes/kinds, schemas. */
export const SHIPPED: string = path.resolve(fileURLToPath(import.meta.url), '../../../..');

/** The version of the engine as package.json says it. */
export function engineVersion(): string {
  const {version} = JSON.parse(readText(path.join(SHIPPED, 'package.json'))) as {version: string};
  return version;
}
