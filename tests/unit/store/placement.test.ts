/**
 * Where a new store asks for its folders to be put.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {openStore} from '../../../store/layout.ts';
import {spreadApart} from '../../../store/placement.ts';
import {removeAll} from '../../support/space.ts';

function temporaryFolder(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-placement-'));
  t.teardown(() => removeAll(made));
  return made;
}

/** The attributes of a folder as lsattr(1) shows them; undefined where the file system has none. */
function attributesOf(folder: string): string | undefined {
  const done = spawnSync('lsattr', ['-d', folder], {encoding: 'utf8'});
  return done.status === 0 ? done.stdout.split(' ')[0] : undefined;
}

function isExt4(folder: string): boolean {
  return execFileSync('stat', ['-f', '-c', '%t', folder], {encoding: 'utf8'}).trim() === 'ef53';
}

test('on ext4 scratch lies apart from the rest, and each run apart from the others', (t) => {
  const folder = temporaryFolder(t);
  const store = openStore(path.join(folder, 'store'), undefined);
  t.true(store.ok);
  if (!store.ok) return;
  if (!isExt4(folder) || attributesOf(folder) === undefined) {
    t.log('skipped: no ext4 here, or no lsattr');
    return t.pass();
  }
  t.regex(attributesOf(store.value.root) ?? '', /T/);
  t.regex(attributesOf(path.join(store.value.root, 'scratch')) ?? '', /T/);
});

test('what cannot be had is done without', (t) => {
  t.notThrows(() => spreadApart([]));
  t.notThrows(() => spreadApart(['/proc']));
  const folder = temporaryFolder(t);
  fs.writeFileSync(path.join(folder, 'file'), '');
  t.notThrows(() => spreadApart([path.join(folder, 'file')]));
});
