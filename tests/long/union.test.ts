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

/**
 * A tree of at most a dozen names, the same few in all trees, so that they meet; what `like` has by
 * a name it mostly has, too.
 */
function generated(next: Draw, whiteouts: boolean, like: Sketch = {}): Sketch {
  const sketch: Record<string, Item> = {};
  const folders = [''];
  for (let n = 0; n < 12; n += 1) {
    const folder = folders[next(folders.length)] ?? '';
    const name = `${folder}${'abc'[next(3)]}`;
    if (name in sketch) continue;
    const same = next(10) === 0 ? undefined : like[name];
    const item = same === undefined ? drawn(next, whiteouts) : same;
    sketch[name] = item;
    if (item === null && name.length < 6) folders.push(`${name}/`);
  }
  return sketch;
}

type Draw = (below: number) => number;

function drawn(next: Draw, whiteouts: boolean): Item {
  const kind = next(100);
  if (kind < 40) return null;
  if (kind < 80) return TEXTS[next(TEXTS.length)] ?? '';
  if (whiteouts && kind < 90) return GONE;
  return {to: ['a', 'b', '../c', '/a/b'][next(4)] ?? 'a'};
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
  for (const at of pairs.keys()) {
    for (const manner of MANNERS) {
      const from = manner === '--whiteouts' ? 'whiteouts' : 'plain';
      const pair = (from === 'whiteouts' ? pairs : plain)[at];
      const theirs = answers[from][at]?.get(manner);
      if (pair === undefined || theirs === undefined) throw new Error('an answer is missing');
      const {what, outcome} = compared(pair, manner, theirs);
      if (outcome !== undefined) t.deepEqual(outcome, theirs, `${manner} ${JSON.stringify(pair)}`);
      counts[`${manner}: ${what}`] = (counts[`${manner}: ${what}`] ?? 0) + 1;
    }
  }
  t.log(JSON.stringify(counts));
});

/** What the pair shows, and our outcome where it has to be theirs. */
function compared(pair: Pair, manner: Manner, theirs: Outcome): {what: string; outcome?: Outcome} {
  const {outcome, followed, replaced} = ours(pair, manner);
  // They refuse, or replace the link; we follow it (usr-merge).
  if (followed) return {what: 'a folder over a link'};
  // With whiteouts they remove the folder; we want it said.
  if (manner === '--whiteouts' && replaced && theirs.ok) return {what: 'a file over a folder'};
  return {what: outcome.ok ? 'the same tree' : 'an error in both', outcome};
}
