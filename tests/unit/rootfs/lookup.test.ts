import test from 'ava';
import {fileAt} from '../../../engine/rootfs/lookup.ts';
import {sortEntries} from '../../../store/manifest.ts';
import {dir, file, link} from '../store/rig.ts';

const TREE = sortEntries([
  dir('boot'),
  file('boot/vmlinuz-6', 'kernel'),
  link('boot/vmlinuz', 'vmlinuz-6'),
  link('vmlinuz', '/boot/vmlinuz'),
  link('up', '../../boot/vmlinuz'),
  link('b', 'boot'),
  link('loop', 'loop'),
  link('gone', 'nowhere'),
]);

const FOUND: readonly (readonly [place: string, found: string | undefined])[] = [
  ['/boot/vmlinuz-6', 'boot/vmlinuz-6'],
  ['/boot/vmlinuz', 'boot/vmlinuz-6'],
  ['/vmlinuz', 'boot/vmlinuz-6'],
  ['/up', 'boot/vmlinuz-6'],
  ['/b/../b/./vmlinuz', 'boot/vmlinuz-6'],
  ['/loop', undefined],
  ['/gone', undefined],
  ['/boot', undefined],
  ['/boot/vmlinuz/x', undefined],
  ['/', undefined],
];

for (const [place, found] of FOUND) {
  test(`${place} is ${found ?? 'no file'}`, (t) => {
    t.is(fileAt(TREE, place)?.path, found);
  });
}
