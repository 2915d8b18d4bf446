/** Stores on file systems of other machines are refused (`store/network`). */
import fs from 'node:fs';
import test from 'ava';
import {fileSystemType} from '../../../engine/base/files.ts';
import {CODES} from '../../../engine/base/codes.ts';
import {networkName} from '../../../store/network.ts';
import {emptyStore} from './rig.ts';

test('the kernel tells what a folder lies on', (t) => {
  t.is(fileSystemType('/proc'), 0x9fa0);
  t.is(networkName(0x9fa0), undefined);
  for (const line of fs.readFileSync('/proc/self/mounts', 'utf8').trim().split('\n')) {
    const [, at = '', type = ''] = line.split(' ');
    const name = /^(nfs4?|cifs|smb3?|9p|afs|ceph)$/.exec(type)?.[1]?.slice(0, 3);
    if (name === undefined) continue;
    t.is(networkName(fileSystemType(at))?.slice(0, 3), name, line);
  }
});

test('what is of another machine has a name, what is of this one has none', (t) => {
  const distant = [0x6969, 0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400];
  t.deepEqual(distant.map(networkName), ['nfs', 'cifs', 'smb', '9p', 'ceph']);
  // ext4, xfs, btrfs, f2fs, tmpfs, overlay, zfs, bcachefs.
  const local = [
    ...[0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994],
    ...[0x794c7630, 0x2fc12fc1, 0xca451a4e],
  ];
  t.deepEqual(
    local.map(networkName),
    local.map(() => undefined),
  );
  t.is(CODES['store/network'].exit, 4);
});

test('the store of these tests is not refused', (t) => {
  t.is(networkName(fileSystemType(emptyStore(t).root)), undefined);
});
