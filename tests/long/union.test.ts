/**
 * Our union of trees beside ostree's, over generated pairs: the same content, or an error in both.
 * Where they differ on purpose, it is by what is listed here.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {blobDigest, sha256} from '../../engine/base/hash.ts';
import {sortEntries} from '../../store/manifest.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {mistakeIn} from '../../store/tree-rules.ts';
import {Union, type UnionConflict, type UnionLayer} from '../../store/union.ts';
import {
  askOstree,
  GONE,
  MANNERS,
  type Item,
  type Manner,
  type Outcome,
  type Pair,
  type Sketch,
} from '../support/ostree-union.ts';
import {random} from '../support/random.ts';

const PAIRS = 200;

function entriesOf(sketch: Sketch): readonly TreeEntry[] {
  const owned = {uid: 0, gid: 0, xattrs: []};
  return sortEntries(
    Object.entries(sketch).map(([name, item]): TreeEntry => {
      if (item === null) return {type: 'dir', path: name, mode: 0o755, ...owned};
      if (item === GONE) return {type: 'whiteout', path: name};
      if (typeof item === 'object') {
        return {type: 'link', path: name, mode: 0o777, target: item.to, ...owned};
      }
      const digest = blobDigest(sha256(item));
      const file = {size: item.length, digest, hardlink: undefined};
      return {type: 'file', path: name, mode: 0o644, ...file, ...owned};
    }),
  );
}

function sketchOf(entries: readonly TreeEntry[], texts: ReadonlyMap<string, string>): Sketch {
  return Object.fromEntries(
    entries.map((entry): [string, Item] => {
      if (entry.type === 'link') return [entry.path, {to: entry.target}];
      return [entry.path, entry.type === 'file' ? (texts.get(entry.digest) ?? '?') : null];
    }),
  );
}

const TEXTS = ['', 'one\n', 'two\n'];
const DIGESTS = new Map(TEXTS.map((text) => [sha256(text), text]));

function layerFor(manner: Manner, sketch: Sketch): UnionLayer {
  const covers = manner === '--union' || manner === '--whiteouts';
  return {
    owner: 'second',
    entries: entriesOf(sketch),
    covers: () => covers,
    givesWay: manner === '--union-add',
  };
}

interface Ours {
  readonly outcome: Outcome;
  /** It has a folder where the first has a link. */
  readonly followed: boolean;
  /** All that stands against it are files over folders. */
  readonly replaced: boolean;
}

function ours({first, second}: Pair, manner: Manner): Ours {
  const union = new Union();
  union.lay({owner: 'first', entries: entriesOf(first), covers: () => false, givesWay: false});
  const layer = layerFor(manner, second);
  const followed = layer.entries.some(
    (one) => one.type === 'dir' && union.at(one.path)?.entry.type === 'link',
  );
  const conflicts = union.lay(layer);
  const entries = union.entries();
  if (mistakeIn(entries) !== undefined) throw new Error(`no good tree: ${JSON.stringify(entries)}`);
  const outcome: Outcome =
    conflicts.length > 0 ? {ok: false} : {ok: true, tree: sketchOf(entries, DIGESTS)};
  const isReplaced = ({path: at}: UnionConflict): boolean => union.at(at)?.entry.type === 'dir';
  return {outcome, followed, replaced: conflicts.length > 0 && conflicts.every(isReplaced)};
}

/** A tree of at most a dozen names, the same few in all trees, so that they meet. */
function generated(next: (below: number) => number, whiteouts: boolean): Sketch {
  const sketch: Record<string, Item> = {};
  const folders = [''];
  for (let n = 0; n < 12; n += 1) {
    const folder = folders[next(folders.length)] ?? '';
    const name = `${folder}${'abc'[next(3)]}`;
    if (name in sketch) continue;
    const kind = next(100);
    if (kind < 40) {
      sketch[name] = null;
      if (name.length < 6) folders.push(`${name}/`);
    } else if (kind < 80) sketch[name] = TEXTS[next(TEXTS.length)] ?? '';
    else if (whiteouts && kind < 90) sketch[name] = GONE;
    else sketch[name] = {to: ['a', 'b', '../c', '/a/b'][next(4)] ?? 'a'};
  }
  return sketch;
}

function withoutWhiteouts(sketch: Sketch): Sketch {
  return Object.fromEntries(Object.entries(sketch).filter(([, item]) => item !== GONE));
}

test('200 pairs of trees, in four manners', (t) => {
  t.timeout(600_000);
  try {
    execFileSync('ostree', ['--version']);
  } catch {
    t.log('skipped: ostree is missing');
    return t.pass();
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-union-'));
  t.teardown(() => fs.rmSync(folder, {recursive: true}));
  const next = random(20261129);
  const pairs = Array.from({length: PAIRS}, (): Pair => ({
    first: generated(next, false),
    second: generated(next, true),
  }));
  const plain = pairs.map(({first, second}) => ({first, second: withoutWhiteouts(second)}));
  const answers = {
    whiteouts: askOstree(fs.mkdtempSync(`${folder}/w`), pairs, ['--whiteouts']),
    plain: askOstree(
      fs.mkdtempSync(`${folder}/p`),
      plain,
      MANNERS.filter((one) => one !== '--whiteouts'),
    ),
  };
  const counts: Record<string, number> = {};
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  for (const at of pairs.keys()) {
    for (const manner of MANNERS) {
      const from = manner === '--whiteouts' ? 'whiteouts' : 'plain';
      const pair = (from === 'whiteouts' ? pairs : plain)[at];
      const theirs = answers[from][at]?.get(manner);
      if (pair === undefined || theirs === undefined) throw new Error('an answer is missing');
      const {outcome: mine, followed, replaced} = ours(pair, manner);
      // A folder over a link: they refuse, or replace the link; we follow it (usr-merge).
      if (followed) {
        count(`${manner}: a folder over a link`);
        continue;
      }
      // A file over a folder: with whiteouts they remove the folder, we want it said.
      if (manner === '--whiteouts' && replaced && theirs.ok) {
        count(`${manner}: a file over a folder`);
        continue;
      }
      count(`${manner}: ${mine.ok ? 'the same tree' : 'an error in both'}`);
      t.deepEqual(mine, theirs, `${manner} ${JSON.stringify(pair)}`);
    }
  }
  t.log(JSON.stringify(counts));
});
