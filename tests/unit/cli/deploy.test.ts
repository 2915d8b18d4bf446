/** What of a system lies in its generation, and what does not. */
import test from 'ava';
import {fixedPart, inGeneration, replaced} from '../../../engine/cli/deploy.ts';
import type {EtcMerge} from '../../../engine/rootfs/etc-merge.ts';
import {sortEntries} from '../../../store/manifest.ts';
import {mistakeIn} from '../../../store/tree-rules.ts';
import type {SolidEntry, TreeEntry} from '../../../store/tree-entry.ts';
import {dir, file} from '../store/rig.ts';

const TREE: readonly TreeEntry[] = sortEntries<TreeEntry>([
  dir('etc'),
  file('etc/a', 'theirs'),
  file('etc/first', 'shared'),
  dir('etcetera'),
  dir('usr'),
  file('usr/again', 'shared', {hardlink: 'etc/first'}),
  file('usr/b', 'b'),
  dir('var'),
  file('var/c', 'c'),
]);

function merge(...entries: readonly SolidEntry[]): EtcMerge {
  return {entries, kept: [], both: [], clashes: []};
}

const paths = (entries: readonly TreeEntry[]): readonly string[] => entries.map((one) => one.path);

test('without a merge /etc is that of the tree, and /var is empty', (t) => {
  const laid = inGeneration(TREE, undefined);
  t.deepEqual(
    paths(laid),
    paths(TREE).filter((one) => one !== 'var/c'),
  );
  t.is(mistakeIn(laid), undefined);
});

test('a merged /etc takes the place of the tree’s', (t) => {
  const laid = inGeneration(TREE, merge(file('etc/a', 'mine'), file('etc/new', 'mine')));
  t.deepEqual(paths(laid), [
    'etc',
    'etc/a',
    'etc/new',
    'etcetera',
    'usr',
    'usr/again',
    'usr/b',
    'var',
  ]);
  t.is(mistakeIn(laid), undefined);
  // Its first name is not laid out: it is a file of its own.
  t.like(laid[5], {path: 'usr/again', hardlink: undefined});
});

test('an /etc that all was removed from is an empty one', (t) => {
  t.deepEqual(paths(inGeneration(TREE, merge())).slice(0, 2), ['etc', 'etcetera']);
});

test('others below a folder: first names that went are not referred to', (t) => {
  const laid = replaced(TREE, 'etc', [file('etc/x', 'x')]);
  t.deepEqual(paths(laid).slice(0, 3), ['etc', 'etc/x', 'etcetera']);
  t.is(mistakeIn(laid), undefined);
  t.true(paths(laid).includes('var/c'));
});

test('what is written to where it runs, says nothing of whether it is as it was made', (t) => {
  t.deepEqual(paths(fixedPart(TREE)), ['etc', 'etcetera', 'usr', 'usr/again', 'usr/b', 'var']);
});
