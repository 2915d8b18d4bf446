/**
 * A tree as a tar archive that follows its manifest: owners by number, modes, hard links, devices,
 * extended attributes; entries in the manifest's order, every time one second past 1970. The same
 * tree makes the same bytes, whoever writes them.
 *
 * Headers are ustar (POSIX.1-1988); what does not fit stands in a pax header before them
 * (POSIX.1-2001, pax(1)): paths and link targets over 100 bytes, numbers of more than 21 bits (sizes: 33),
 * extended attributes as `SCHILY.xattr.<name>` (star, GNU tar, libarchive). Values of pax headers are bytes
 * (`hdrcharset=BINARY`) where they are no UTF-8.
 */
import {isUtf8} from 'node:buffer';
import type {Checked} from '../engine/base/diagnostic.ts';
import {toBytes, type BytePath} from './bytes.ts';
import type {Store} from './layout.ts';
import {writePieces, type Sink} from './pool-pieces.ts';
import type {SolidEntry, TreeEntry} from './tree-entry.ts';
import {guard} from './trouble.ts';

const BLOCK = 512;
/** Archives are whole records of twenty blocks, as tar(1) writes them. */
const RECORD = 20 * BLOCK;
const TIME = 1;

/** Writes the archive; gives the paths that were left out: whiteouts, for which tar has no word. */
export function writeTar(
  store: Store,
  entries: readonly TreeEntry[],
  sink: Sink,
): Checked<readonly BytePath[]> {
  return guard(store.root, () => {
    const left: BytePath[] = [];
    let bytes = 0;
    const write: Sink = (piece) => {
      bytes += piece.length;
      sink(piece);
    };
    for (const entry of entries) {
      if (entry.type === 'whiteout') left.push(entry.path);
      else writeEntry(store, entry, write);
    }
    write(Buffer.alloc(2 * BLOCK));
    write(padding(bytes, RECORD));
    return left;
  });
}

function writeEntry(store: Store, entry: SolidEntry, write: Sink): void {
  const header = headerOf(entry);
  const extended = paxOf(entry, header);
  if (extended.length > 0) {
    const name = Buffer.from('././@PaxHeader');
    const plain = {...NOTHING, name, mode: 0o644, size: extended.length, flag: 'x'};
    write(encode(plain));
    write(extended);
    write(padding(extended.length, BLOCK));
  }
  write(encode(header));
  if (entry.type === 'file' && header.size > 0) {
    writePieces(store, entry, write);
    write(padding(entry.size, BLOCK));
  }
}

// --- headers ---------------------------------------------------------------------------------------

interface Header {
  readonly name: Buffer;
  readonly link: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly flag: string;
  readonly device: {readonly major: number; readonly minor: number};
}

const EMPTY = Buffer.alloc(0);
const NOTHING = {link: EMPTY, uid: 0, gid: 0, device: {major: 0, minor: 0}};

const FLAGS: Readonly<Record<SolidEntry['type'], string>> = {
  ...{file: '0', link: '2', char: '3', block: '4', dir: '5', fifo: '6'},
};

function headerOf(entry: SolidEntry): Header {
  const {type, path, mode, uid, gid} = entry;
  const further = type === 'file' ? entry.hardlink : undefined;
  const target = type === 'link' ? entry.target : further;
  return {
    name: toBytes(type === 'dir' ? `${path}/` : path),
    link: target === undefined ? EMPTY : toBytes(target),
    ...{mode, uid, gid},
    size: type === 'file' && further === undefined ? entry.size : 0,
    flag: further === undefined ? FLAGS[type] : '1',
    device: type === 'char' || type === 'block' ? entry.device : NOTHING.device,
  };
}

const MOST_NAME = 100;
const MOST_ID = 0o7777777;
const MOST_SIZE = 0o77777777777;

/** One block; fields that do not fit are cut, and stand whole in the pax header. */
function encode({name, link, mode, uid, gid, size, flag, device}: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, MOST_NAME);
  const octal = (value: number, at: number, digits: number, most: number): void => {
    block.write(Math.min(value, most).toString(8).padStart(digits, '0'), at, 'latin1');
  };
  octal(mode, 100, 7, MOST_ID);
  octal(uid, 108, 7, MOST_ID);
  octal(gid, 116, 7, MOST_ID);
  octal(size, 124, 11, MOST_SIZE);
  octal(TIME, 136, 11, MOST_SIZE);
  block.write('        ', 148, 'latin1');
  block.write(flag, 156, 'latin1');
  link.copy(block, 157, 0, MOST_NAME);
  block.write('ustar\0' + '00', 257, 'latin1');
  octal(device.major, 329, 7, MOST_ID);
  octal(device.minor, 337, 7, MOST_ID);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** The records of a pax header, empty where none is needed. */
function paxOf(entry: SolidEntry, {name, link, uid, gid, size}: Header): Buffer {
  const records: [string, Buffer][] = [];
  const add = (key: string, value: Buffer | number): void => {
    records.push([key, typeof value === 'number' ? Buffer.from(String(value)) : value]);
  };
  if (name.length > MOST_NAME) add('path', name);
  if (link.length > MOST_NAME) add('linkpath', link);
  if (uid > MOST_ID) add('uid', uid);
  if (gid > MOST_ID) add('gid', gid);
  if (size > MOST_SIZE) add('size', size);
  const isText = records.every(([, value]) => isUtf8(value));
  const xattrs = entry.xattrs.map((one): [string, Buffer] => [
    `SCHILY.xattr.${Buffer.from(one.name, 'latin1').toString('utf8')}`,
    Buffer.from(one.value, 'base64'),
  ]);
  const first: [string, Buffer][] = isText ? [] : [['hdrcharset', Buffer.from('BINARY')]];
  return Buffer.concat([...first, ...records, ...xattrs].map(([key, value]) => record(key, value)));
}

/** `<length> <key>=<value>\n`, the length that of all of it. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padding(size: number, unit: number): Buffer {
  return Buffer.alloc((unit - (size % unit)) % unit);
}
