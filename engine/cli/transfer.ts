/**
 * `store export` and `store import`: artifacts and all they need to run as one file, and back.
 * What such a file is, is the store's business.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {withRunClosure} from '../graph/closure.ts';
import {closureOf} from '../run/plan.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {count, formatSize} from '../ui/text.ts';
import {openRun} from '../../store/claims.ts';
import {exportArtifacts as writeExport, type Artifact} from '../../store/export.ts';
import {importArchive} from '../../store/import.ts';
import {openStore} from '../../store/layout.ts';
import {readRecord} from '../../store/records.ts';
import {guard} from '../../store/trouble.ts';
import {openFresh, whileKept} from './artifacts.ts';
import type {OpenWork} from './open.ts';
import {writeOutput} from './output-file.ts';
import {storePlace} from './verify.ts';
import {isSet, textOption, type Answer, type World} from './world.ts';

const STDIN = 0;

// --- export ----------------------------------------------------------------------------------------

export async function exportArtifacts(world: World): Answer {
  const opened = await openFresh(world, world.call.words);
  if (!opened.ok) return opened;
  const work = opened.value;
  const labels = isSet(world, 'withBuild')
    ? [...closureOf(work.graph, work.targets)].filter((label) => !label.endsWith('#test'))
    : withRunClosure(work.graph, work.targets);
  const artifacts = artifactsOf(work, labels);
  if (!artifacts.ok) return artifacts;
  const output = textOption(world, 'output') ?? '-';
  const done = whileKept(world, work, labels, () =>
    writeOutput(world, output, (sink) => writeExport(work.store, artifacts.value, sink)),
  );
  if (!done.ok) return done;
  const what = `${count(artifacts.value.length, 'artifact')}, ${formatSize(done.value)}`;
  if (world.call.globals.json === true && output !== '-') {
    world.print(JSON.stringify({artifacts: labels, bytes: done.value}));
  } else world.tell(`${what} in ${output === '-' ? 'standard output' : output}`);
  return ok(0);
}

/** Their records; what has a tree of its own in the store has one. */
function artifactsOf({store, resolver}: OpenWork, labels: readonly Label[]): Checked<Artifact[]> {
  const artifacts: Artifact[] = [];
  for (const label of labels) {
    const key = resolver.keyOf(label);
    const read = key === undefined ? ok(undefined) : readRecord(store, key);
    if (!read.ok) return read;
    const record = read.value;
    if (record?.tree === undefined) {
      return fail('target/not-built', `the store has no record of ${label}`, {
        hint: `recipes build --force ${label}`,
      });
    }
    artifacts.push({...record, tree: record.tree});
  }
  return ok(artifacts);
}

// --- import ----------------------------------------------------------------------------------------

export async function importArtifacts(world: World): Answer {
  const [word = '-'] = world.call.words;
  const place = storePlace(world);
  if (!place.ok) return place;
  const store = openStore(place.value, ownerFor(world.host.uid));
  if (!store.ok) return store;
  const run = guard(store.value.root, () => openRun(store.value, world.host));
  if (!run.ok) return run;
  try {
    const fd = openSource(world, word);
    if (!fd.ok) return fd;
    try {
      const source = (into: Uint8Array): number => files.readInto(fd.value, into);
      const patience = {wait: true, tell: (holder: string) => world.tell(`waiting for ${holder}`)};
      const done = importArchive(store.value, run.value, source, patience);
      if (!done.ok) return done;
      const {artifacts, files: blobs, trees, records} = done.value;
      if (world.call.globals.json === true) world.print(JSON.stringify(done.value));
      else {
        for (const {label} of artifacts) world.print(label);
        const fresh = `${count(blobs, 'file')}, ${count(trees, 'tree')}, ${count(records, 'record')}`;
        world.tell(`${count(artifacts.length, 'artifact')}; new in the store: ${fresh}`);
      }
      return ok(0);
    } finally {
      if (fd.value !== STDIN) files.closeFile(fd.value);
    }
  } finally {
    run.value.release();
  }
}

function openSource(world: World, word: string): Checked<number> {
  if (word === '-') return ok(STDIN);
  const file = path.resolve(world.cwd, word);
  try {
    const real = files.realPath(file);
    if (files.lookAt(real)?.isDirectory() === true) {
      return fail('store/bad-export', `${file} is a folder`);
    }
    return ok(files.openRead(real));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail('store/bad-export', `cannot read ${file}: ${why}`);
  }
}
