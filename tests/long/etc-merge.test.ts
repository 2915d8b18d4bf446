/**
 * Our merge of /etc beside that of `ostree admin deploy`, over generated triples: the same content,
 * or an error in both. Where they differ on purpose, it is by what is listed here.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import {mergeEtc} from '../../engine/rootfs/etc-merge.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {mergedByOstree, type Triple} from '../support/ostree-etc.ts';
import {random} from '../support/random.ts';
import {entriesOf, generated, sketchOf, type Sketch} from '../support/sketch.ts';

const TRIPLES = 300;

function inEtc(sketch: Sketch): readonly TreeEntry[] {
  return entriesOf(
    Object.fromEntries(Object.entries(sketch).map(([name, item]) => [`etc/${name}`, item])),
  );
}

/** Undefined where the two cannot be merged. */
function ours({old, own, fresh}: Triple): Sketch | undefined {
  const {entries, clashes} = mergeEtc(inEtc(old), inEtc(own), inEtc(fresh));
  if (clashes.length > 0) return undefined;
  return sketchOf(entries.map((one) => ({...one, path: one.path.slice('etc/'.length)})));
}

const isFolder = (sketch: Sketch, name: string): boolean => sketch[name] === null;
const has = (sketch: Sketch, name: string): boolean => Object.hasOwn(sketch, name);

/** Why ours may be another result than theirs. */
function intended({old, own, fresh}: Triple): string | undefined {
  const names = [...new Set([old, own, fresh].flatMap((one) => Object.keys(one)))];
  const some = (fits: (name: string) => boolean): boolean => names.some(fits);
  // They refuse what only one side has changed; we take that side.
  if (
    some(
      (name) =>
        isFolder(old, name) && has(own, name) && !isFolder(own, name) && isFolder(fresh, name),
    )
  )
    return 'a folder was replaced here';
  // They fail to remove what lies in a folder that is none any more; there is nothing to remove.
  const parent = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));
  const isLost = (name: string): boolean => has(old, name) && !has(own, name);
  if (some((name) => isLost(name) && has(fresh, parent(name)) && !isFolder(fresh, parent(name))))
    return 'removed here, and its folder there';
  return undefined;
}

test('300 triples of old default, yours, and new default', (t) => {
  t.timeout(900_000);
  try {
    execFileSync('ostree', ['--version']);
  } catch {
    t.log('SKIPPED: ostree');
    return t.pass();
  }
  if (process.getuid?.() !== 0) {
    t.log('SKIPPED: root, for the deployments of ostree');
    return t.pass();
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-etc-'));
  t.teardown(() => {
    fs.rmSync(folder, {recursive: true});
  });
  const one: Sketch = {a: 'one\n'};
  try {
    mergedByOstree(fs.mkdtempSync(`${folder}/try`), [{old: one, own: one, fresh: one}]);
  } catch {
    t.log('SKIPPED: a machine on which ostree admin can deploy');
    return t.pass();
  }
  const next = random(20261129);
  const triples = Array.from({length: TRIPLES}, (): Triple => {
    const old = generated(next, false);
    return {old, own: generated(next, false, old), fresh: generated(next, false, old)};
  });
  const theirs = mergedByOstree(fs.mkdtempSync(`${folder}/all`), triples);
  const counts: Record<string, number> = {};
  triples.forEach((triple, at) => {
    const wanted = theirs[at];
    const got = ours(triple);
    const isSame = isDeepStrictEqual(got, wanted);
    const reason = isSame ? undefined : intended(triple);
    if (reason === undefined) t.deepEqual(got, wanted, JSON.stringify(triple));
    const what = reason ?? (wanted === undefined ? 'an error in both' : 'the same tree');
    counts[what] = (counts[what] ?? 0) + 1;
  });
  t.log(JSON.stringify(counts));
});
