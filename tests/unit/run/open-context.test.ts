/** What a run opens and closes around its plan; the sandbox itself is not started here. */
import fs from 'node:fs';
import path from 'node:path';
import {ROOT_COMPOSER} from '../../../engine/rootfs/composer.ts';
import test, {type ExecutionContext} from 'ava';
import {openRunContext, type OpenContext} from '../../../engine/run/open-context.ts';
import {claim, listRuns} from '../../../store/claims.ts';
import {runsDir, scratchDir, tmpDir} from '../../../store/layout.ts';
import {projectOf} from '../graph/values.ts';
import {codesOf, emptyStore, must} from '../store/rig.ts';
import {bedOf, runOf, stillHost, type Bed} from './rig.ts';

const BUILDS = {'x/a': {}};

function open(bed: Bed): ReturnType<typeof openRunContext> {
  const {graph, store, log, resolver} = bed;
  return openRunContext(
    {project: projectOf(BUILDS), graph, store, log, resolver},
    {
      host: {...stillHost(), memoryBytes: 1001},
      listener: () => undefined,
      ...{offline: true, wait: true, roots: ROOT_COMPOSER, engine: '1.2.3', owner: undefined},
    },
  );
}

const opened = async (bed: Bed): Promise<OpenContext> => must(await open(bed));
const bedIn = (t: ExecutionContext): Bed => bedOf(t, BUILDS, {store: emptyStore(t)});

test('it is a run of the store from opening to closing; its claims go with it', async (t) => {
  const bed = bedIn(t);
  const {context, memoryBytes, close} = await opened(bed);
  t.is(memoryBytes, 900);
  t.deepEqual(listRuns(bed.store).live, [context.run.id]);
  t.is(claim(bed.store, context.run, 'a'), 'mine');
  fs.mkdirSync(path.join(scratchDir(bed.store), context.run.id));
  await close();
  t.deepEqual(listRuns(bed.store), {live: [], dead: []});
  t.is(claim(bed.store, runOf(t, bed.store), 'a'), 'mine');
  t.deepEqual(fs.readdirSync(scratchDir(bed.store)), []);
});

test('what dead runs left is swept, what living ones use is not', async (t) => {
  const bed = bedIn(t);
  const living = runOf(t, bed.store);
  for (const id of [living.id, '1-dead'])
    fs.mkdirSync(path.join(scratchDir(bed.store), id, '1'), {recursive: true});
  fs.writeFileSync(path.join(runsDir(bed.store), '1-dead'), '{"pid":1}');
  fs.writeFileSync(path.join(tmpDir(bed.store), 'x'), '');
  const {context, close} = await opened(bed);
  t.deepEqual(fs.readdirSync(scratchDir(bed.store)), [living.id]);
  t.deepEqual(fs.readdirSync(tmpDir(bed.store)), ['x'], 'it may be the other run’s');
  t.deepEqual([...listRuns(bed.store).live].sort(), [living.id, context.run.id].sort());
  await close();
  t.deepEqual(fs.readdirSync(scratchDir(bed.store)), [living.id]);
});

test('aborting reaches whoever waits or downloads', async (t) => {
  const {context, abort, close} = await opened(bedIn(t));
  t.false(context.signal.aborted);
  abort();
  t.true(context.signal.aborted);
  await close();
});

test('a store in which no run can be registered is told, not thrown', async (t) => {
  const bed = bedIn(t);
  fs.rmSync(runsDir(bed.store), {recursive: true});
  fs.writeFileSync(runsDir(bed.store), '');
  t.deepEqual(codesOf(await open(bed)), ['store/unusable']);
});

test('one that cannot be swept leaves no run behind', async (t) => {
  const bed = bedIn(t);
  fs.rmSync(scratchDir(bed.store), {recursive: true});
  fs.writeFileSync(scratchDir(bed.store), '');
  const failed = await open(bed);
  t.deepEqual(codesOf(failed), ['store/unusable']);
  t.deepEqual(fs.readdirSync(runsDir(bed.store)), []);
});
