/**
 * A disk with one partition: the tables before and behind it (UEFI specification 2.10, chapter 5).
 * Pure; gives bytes and where they belong.
 */
import {crc32} from 'node:zlib';

const SECTOR = 512;
/** The partition begins where every disk's blocks begin too. */
const ALIGNMENT = 2 ** 20;
const ENTRIES = 128;
const ENTRY_SIZE = 128;
const TABLE_SECTORS = (ENTRIES * ENTRY_SIZE) / SECTOR;

/** Root of an x86-64 system, by the specification of discoverable partitions. */
const LINUX_ROOT = '4f68bce3-e8cd-4db1-96e7-fbcaf984b709';

export interface Disk {
  /** Bytes of the whole disk. */
  readonly size: number;
  /** Where the partition begins, in bytes. */
  readonly start: number;
  readonly pieces: readonly {readonly at: number; readonly bytes: Buffer}[];
}

/** `content`: bytes of the partition, whole sectors. Both ids are UUIDs. */
export function diskFor(
  content: number,
  ids: {readonly disk: string; readonly partition: string},
  name: string,
): Disk {
  const start = ALIGNMENT;
  const sectors = (start + content) / SECTOR + TABLE_SECTORS + 1;
  const size = Math.ceil((sectors * SECTOR) / ALIGNMENT) * ALIGNMENT;
  const last = size / SECTOR - 1;
  const table = tableOf({
    ...{id: ids.partition, name, first: start / SECTOR},
    last: (start + content) / SECTOR - 1,
  });
  const header = (at: number, other: number, tableAt: number): Buffer =>
    headerOf({at, other, tableAt, last, disk: ids.disk, table});
  const behind = last - TABLE_SECTORS;
  return {
    size,
    start,
    pieces: [
      {at: 0, bytes: protective(last)},
      {at: SECTOR, bytes: header(1, last, 2)},
      {at: 2 * SECTOR, bytes: table},
      {at: behind * SECTOR, bytes: table},
      {at: last * SECTOR, bytes: header(last, 1, behind)},
    ],
  };
}

/** One entry over the whole disk, for programs that know nothing of this. */
function protective(last: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  const entry = bytes.subarray(446);
  entry.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff]);
  entry.writeUInt32LE(1, 8);
  entry.writeUInt32LE(Math.min(last, 0xffffffff), 12);
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

function tableOf(partition: {
  readonly id: string;
  readonly name: string;
  readonly first: number;
  readonly last: number;
}): Buffer {
  const bytes = Buffer.alloc(ENTRIES * ENTRY_SIZE);
  guid(LINUX_ROOT).copy(bytes, 0);
  guid(partition.id).copy(bytes, 16);
  bytes.writeBigUInt64LE(BigInt(partition.first), 32);
  bytes.writeBigUInt64LE(BigInt(partition.last), 40);
  bytes.write(partition.name.slice(0, 36), 56, 'utf16le');
  return bytes;
}

function headerOf(facts: {
  readonly at: number;
  readonly other: number;
  readonly tableAt: number;
  readonly last: number;
  readonly disk: string;
  readonly table: Buffer;
}): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  const number = (value: number, at: number): void => {
    bytes.writeBigUInt64LE(BigInt(value), at);
  };
  bytes.write('EFI PART', 0, 'latin1');
  bytes.writeUInt32LE(0x00010000, 8);
  bytes.writeUInt32LE(HEADER_SIZE, 12);
  number(facts.at, 24);
  number(facts.other, 32);
  number(2 + TABLE_SECTORS, 40);
  number(facts.last - TABLE_SECTORS - 1, 48);
  guid(facts.disk).copy(bytes, 56);
  number(facts.tableAt, 72);
  bytes.writeUInt32LE(ENTRIES, 80);
  bytes.writeUInt32LE(ENTRY_SIZE, 84);
  bytes.writeUInt32LE(crc32(facts.table), 88);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_SIZE)), 16);
  return bytes;
}

const HEADER_SIZE = 92;

/** The first three fields stand with their lowest byte first. */
function guid(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
