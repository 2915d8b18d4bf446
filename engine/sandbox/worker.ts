/**
 * The worker: the one process of a run that mounts, builds, captures and deletes. It is uid 0 of
 * a user namespace, and its folder is the store. Speaks protocol.ts on descriptor 3, and ends
 * with the engine: with the last of its processes, since it is the first one of its namespace.
 */
import {Socket} from 'node:net';
import {Batcher} from '../base/batcher.ts';
import {countAsWorker} from '../base/crash.ts';
import {realHost, type Host} from '../base/host.ts';
import {err, ok, unreachable} from '../base/result.ts';
import {tmpDir, workerStore, type Store} from '../../store/layout.ts';
import {probesOf} from '../../store/sweep.ts';
import {storeTrouble} from '../../store/trouble.ts';
import {makeEtc} from './etc.ts';
import {makeImage} from './image.ts';
import {runInteractive} from './interactive.ts';
import {startJob, type RunningJob} from './job.ts';
import {lineSplitter} from './lines.ts';
import {shapeOfHost} from './machine.ts';
import {overlayWorks} from './overlay.ts';
import {scratchPlaces} from './places.ts';
import {publish, type Publication} from './publish.ts';
import type {BuildRequest, IdMode, ImageSpec, InteractiveSpec, Reply, Request} from './protocol.ts';
import type {Shop} from './shop.ts';
import {Slots} from './slots.ts';
import {apartWords, limitWords} from './spec.ts';
import {Starters} from './starters.ts';
import {removeAll} from './tidy.ts';
import {Trash} from './trash.ts';
import {answerTogether, type XattrQuestion} from './xattr-batch.ts';

const channel = new Socket({fd: 3, readable: true, writable: true});

function reply(message: Reply): void {
  channel.write(`${JSON.stringify(message)}\n`);
}

/** How many builds are looked at together, and how long one waits for others. */
const TOGETHER = {most: 8, patience: 200} as const;

async function main(): Promise<void> {
  countAsWorker();
  process.umask(0o022);
  // For ps(1): as root it was started by a descriptor and would be called `4`.
  process.title = 'recipes-worker';
  const host = realHost();
  const begun = host.clock();
  const store = workerStore('.');
  const idMode: IdMode = host.env['RECIPES_ID_MODE'] === 'single' ? 'single' : 'range';
  // What it asks for meanwhile is read when all of this is made.
  reply({type: 'ready', idMode, begun});
  const shape = shapeOfHost();
  const starters = new Starters({limits: limitWords(shape), apart: apartWords(shape)});
  const shop = {
    store,
    host,
    shape,
    copiesSmall: host.env['RECIPES_OVERLAY'] !== 'always',
    overlay: overlayFinder(host, starters, store),
    owners: idMode === 'range',
    logLimit: Number(host.env['RECIPES_LOG_LIMIT'] ?? 1 << 30),
    starters,
    etc: makeEtc(shape, starters),
    slots: new Slots(starters),
    running: new Set<number>(),
    xattrs: new Batcher(
      (questions: readonly XattrQuestion[]) => answerTogether(starters, store, questions),
      TOGETHER,
    ),
    publications: new Batcher((all: readonly Publication[]) => publish(store, all)),
    trash: new Trash((paths) => starters.command(['rm', '-rf', '--', ...paths])),
    reply,
  };
  // Who needs it is told.
  shop.etc.catch(() => undefined);
  const jobs = new Map<number, RunningJob>();
  channel.on(
    'data',
    lineSplitter((line) => receive(shop, jobs, JSON.parse(line) as Request)),
  );
  // The engine is gone: nothing is to be finished, the next run sweeps what is left.
  channel.on('close', () => process.exit(0));
}

/** Tests say `always` or `never`. */
function overlayFinder(host: Host, starters: Starters, store: Store): Shop['overlay'] {
  const isAllowed = host.env['RECIPES_OVERLAY'] !== 'never';
  const engine = Number(host.env['RECIPES_ENGINE']);
  let found: Promise<boolean> | undefined;
  return () =>
    (found ??= isAllowed ? tryOverlay(starters, tmpDir(store), engine) : Promise.resolve(false));
}

/** In tmp/, where whoever cleans knows of it (sweep.ts): of a run's scratch folder it knows nothing yet. */
async function tryOverlay(starters: Starters, folder: string, engine: number): Promise<boolean> {
  const probe = `${folder}/${probesOf(engine)}${process.hrtime.bigint()}`;
  try {
    return await overlayWorks(starters, scratchPlaces(probe));
  } finally {
    await removeAll(starters, [probe]);
  }
}

function receive(shop: Shop, jobs: Map<number, RunningJob>, request: Request): void {
  switch (request.type) {
    case 'build':
      return void build(shop, jobs, request);
    case 'tokens':
      return jobs.get(request.id)?.adjustTokens(request.count);
    case 'kill':
      return jobs.get(request.id)?.kill(request.reason);
    case 'remove':
      return void remove(shop, request.id, request.paths);
    case 'interactive':
      return void interact(shop, request.id, request.shell);
    case 'image':
      return void image(shop, request.id, request.image);
    case 'overlay':
      return void tellOverlay(shop, request.id);
    case 'quit':
      channel.end();
      return;
    default:
      return unreachable(request);
  }
}

async function remove(shop: Shop, id: number, paths: readonly string[]): Promise<void> {
  await removeAll(shop.starters, paths);
  reply({type: 'removed', id});
}

async function image(shop: Shop, id: number, wanted: ImageSpec): Promise<void> {
  const made = await makeImage(shop, wanted).catch((error: unknown) =>
    err(storeTrouble(error, wanted.file)),
  );
  reply(made.ok ? {type: 'imaged', id} : {type: 'trouble', id, diagnostics: made.error});
}

async function tellOverlay(shop: Shop, id: number): Promise<void> {
  const works = await shop.overlay().then(ok, (error: unknown) => err(storeTrouble(error, '.')));
  if (works.ok) reply({type: 'overlay', id, works: works.value});
  else reply({type: 'trouble', id, diagnostics: works.error});
}

async function interact(shop: Shop, id: number, wanted: InteractiveSpec): Promise<void> {
  const status = await runInteractive(shop, id, wanted).catch((error: unknown) =>
    err(storeTrouble(error, wanted.scratch)),
  );
  if (status.ok) reply({type: 'exited', id, status: status.value});
  else reply({type: 'trouble', id, diagnostics: status.error});
}

async function build(
  shop: Shop,
  jobs: Map<number, RunningJob>,
  request: BuildRequest,
): Promise<void> {
  const job = startJob(shop, request);
  jobs.set(request.id, job);
  const result = await job.result;
  jobs.delete(request.id);
  if (request.timed === true) reply({type: 'spans', id: request.id, spans: job.spans()});
  if (result.ok) reply({type: 'built', id: request.id, result: result.value});
  else reply({type: 'trouble', id: request.id, diagnostics: result.error});
}

await main();
