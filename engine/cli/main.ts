#!/usr/bin/env node
/**
 * Where every call begins: loads the program as the few files that `npm run build` has made of it,
 * unless they are of older code. Loads nothing else, since Node takes a millisecond for each file.
 */
import fs from 'node:fs';

const FEW = new URL('../program/entry.js', import.meta.url);
const CODE = new URL('../../tsconfig.tsbuildinfo', import.meta.url);

/** When a file was written; 0 where it is not there. */
function writtenAt(file: URL): number {
  return fs.statSync(file, {throwIfNoEntry: false})?.mtimeMs ?? 0;
}

const made = writtenAt(FEW);
if (made > 0 && made >= writtenAt(CODE)) await import(FEW.href);
else await import('./entry.ts');
