/**
 * Makes what only mknod(2) makes, through mknod(1) and mkfifo(1): fifos, devices, whiteouts.
 * Knows nothing of trees beyond one entry.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {runSync} from '../engine/base/process.ts';
import type {TreeEntry} from './tree-entry.ts';
import {fault} from './trouble.ts';

type NodeEntry = Exclude<TreeEntry, {type: 'dir' | 'file' | 'link'}>;

/**
 * Makes a node at `place`, below `folder`; false where this user may not. Made under a plain name
 * in the folder first, since names need not be text and arguments of programs are.
 * Anybody may make a whiteout (character device 0:0) since Linux 5.8.
 */
export function makeNode(folder: string, entry: NodeEntry, place: Buffer): boolean {
  const temporary = path.join(folder, `.node-${randomBytes(8).toString('hex')}`);
  const done = runSync(argvFor(entry, temporary));
  if (done.status === 127) fault('store/tool', 'cannot run mknod (package coreutils)');
  if (done.status !== 0) return false;
  files.rename(temporary, place);
  return true;
}

function argvFor(entry: NodeEntry, at: string): string[] {
  switch (entry.type) {
    case 'fifo':
      return ['mkfifo', '-m', '600', '--', at];
    case 'whiteout':
      return ['mknod', '-m', '600', '--', at, 'c', '0', '0'];
    default: {
      const letter = entry.type === 'char' ? 'c' : 'b';
      const {major, minor} = entry.device;
      return ['mknod', '-m', '600', '--', at, letter, String(major), String(minor)];
    }
  }
}
