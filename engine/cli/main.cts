#!/usr/bin/env node
/**
 * Where every call begins: loads the program as the few files that `npm run build` has made of it,
 * unless they are of older code. A script, not a module: Node starts it 3 ms sooner.
 */
const {statSync} = require('node:fs') as typeof import('node:fs');

const FEW = `${__dirname}/../program/entry.js`;
const CODE = `${__dirname}/../../tsconfig.tsbuildinfo`;

/** When a file was written; 0 where it is not there. */
function writtenAt(file: string): number {
  return statSync(file, {throwIfNoEntry: false})?.mtimeMs ?? 0;
}

const made = writtenAt(FEW);
if (made > 0 && made >= writtenAt(CODE)) require(FEW);
else void import('./entry.ts');
