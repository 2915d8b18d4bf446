/**
 * File systems of other machines, on which a store cannot be kept: their `flock`, `link` and
 * `fsync` promise less than the protocol needs (lost locks, a `link` that reports failure and was
 * done, names that come late). Numbers: statfs(2) and linux/magic.h.
 */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb'],
  [0x517b, 'smb'],
  [0x01021997, '9p'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x00c36400, 'ceph'],
  [0x73757245, 'coda'],
  [0x564c, 'ncp'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
]);

/** Its name, of a file system that is on another machine; undefined of all others. */
export function networkName(type: number): string | undefined {
  return NETWORK.get(type);
}
