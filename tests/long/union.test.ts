/**
 * Our union of trees beside ostree's, over generated pairs: the same content, or an error in both.
 * Where they differ on purpose, it is by what is listed here.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {mistakeIn} from '../../store/tree-rules.ts';
import {Union, type UnionConflict, type UnionLayer} from '../../store/union.ts';
import {askOstree, MANNERS, type Manner, type Outcome, type Pair} from '../support/ostree-union.ts';
import {entriesOf, generated, GONE, sketchOf, type Sketch} from '../support/sketch.ts';
import {random} from '../support/random.ts';

const PAIRS = 200;

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
  const outcome: Outcome = conflicts.length > 0 ? {ok: false} : {ok: true, tree: sketchOf(entries)};
  const isReplaced = ({path: at}: UnionConflict): boolean => union.at(at)?.entry.type === 'dir';
  return {outcome, followed, replaced: conflicts.length > 0 && conflicts.every(isReplaced)};
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
  // Every other second tree is mostly like the first: else nearly all would clash.
  const pairs = Array.from({length: PAIRS}, (_, at): Pair => {
    const first = generated(next, false);
    return {first, second: generated(next, true, at % 2 === 0 ? first : {})};
  });
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
