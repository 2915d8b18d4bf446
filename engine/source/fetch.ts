/**
 * Gets a remote source into the store: the one that is there, else from its places in order, each
 * with its mirrors, until one gives the bytes the recipe names by their sha256.
 * The network is touched in this folder only.
 */
import {
  fail,
  problem,
  warning,
  type Checked,
  type Diagnostic,
  type Note,
} from '../base/diagnostic.ts';
import {blobDigest, type BlobDigest} from '../base/hash.ts';
import {err, ok, type Result} from '../base/result.ts';
import type {Place, RemoteSource} from '../load/model.ts';
import type {RunHandle} from '../../store/claims.ts';
import type {Store} from '../../store/layout.ts';
import {hasBlob} from '../../store/pool.ts';
import {rely} from '../../store/protect.ts';
import {storeTrouble} from '../../store/trouble.ts';
import {resolvePlace, splitAlias} from './alias.ts';
import {attempt, type Miss, type Transport} from './attempt.ts';
import {choosePlace} from './choose.ts';
import {exclusively} from './exclusive.ts';
import {patienceOf} from './patience.ts';
import {publicUrl} from './proxy.ts';

export interface FetchContext extends Transport {
  readonly run: RunHandle;
  /** False: what another process has is an error; left out: it is waited for. */
  readonly wait?: boolean;
  /** No network: what is not here is an error. */
  readonly offline: boolean;
  /** The place recorded for this recipe key. */
  readonly preferred?: BlobDigest | undefined;
}

export interface Fetched {
  /** Of the bytes used: with `or:` the choice to be recorded. */
  readonly digest: BlobDigest;
  /** Where they came from; the place as written when they were here already. */
  readonly url: string;
}

/**
 * Errors: `source/unreachable` (every place with its reason), `source/digest`, `source/offline`,
 * `source/interrupted`, and those of the store. Every finished download is durable.
 */
export async function fetchRemote(
  store: Store,
  source: RemoteSource,
  context: FetchContext,
): Promise<Checked<Fetched>> {
  try {
    // Named before it is looked for: from here on gc keeps the bytes, whoever brought them.
    const roots = source.places.map((place) => `blob ${blobDigest(place.sha256)}` as const);
    rely(store, context.run, roots, () => true, patienceOf(context));
    const isHere = (digest: BlobDigest): boolean => hasBlob(store, digest) !== undefined;
    const choice = choosePlace(source.places, context.preferred, isHere);
    if (choice.here !== undefined) return ok(asWritten(choice.here));
    if (context.offline) {
      return choice.fallback === undefined ? offline(source) : ok(asWritten(choice.fallback));
    }
    const fetched = await fetchInOrder(store, source, choice.fetch, context);
    return fetched.ok || choice.fallback === undefined ? fetched : ok(asWritten(choice.fallback));
  } catch (error) {
    return err(storeTrouble(error, store.root));
  }
}

function asWritten(place: Place): Fetched {
  return {digest: blobDigest(place.sha256), url: publicUrl(place.url)};
}

function offline(source: RemoteSource): Checked<never> {
  const {name} = source.placement;
  return fail('source/offline', `${name} is not in the store and --offline is set`, {
    at: source.at,
    notes: source.places.map((place) => ({message: publicUrl(place.url), at: place.at})),
  });
}

interface PlaceMiss extends Miss {
  readonly place: Place;
}

async function fetchInOrder(
  store: Store,
  source: RemoteSource,
  places: readonly Place[],
  context: FetchContext,
): Promise<Checked<Fetched>> {
  const misses: PlaceMiss[] = [];
  for (const place of places) {
    const got = await fetchPlace(store, source, place, context);
    if (got.ok) {
      warnOfWrongFiles(source, misses, context);
      return got;
    }
    misses.push(...got.error.map((miss) => ({...miss, place})));
    const stop = got.error.at(-1)?.stop;
    if (stop !== undefined) return stop === 'cancelled' ? interrupted(source) : err(stop);
  }
  return err(failures(source, misses));
}

/** One download at a time for each digest; whoever waited finds the file of the one before. */
async function fetchPlace(
  store: Store,
  source: RemoteSource,
  place: Place,
  context: FetchContext,
): Promise<Result<Fetched, readonly Miss[]>> {
  const digest = blobDigest(place.sha256);
  const {name} = source.placement;
  const done = await exclusively(store, `fetch-${digest}`, name, context, () =>
    hasBlob(store, digest) === undefined
      ? tryUrls(store, source, place, context)
      : Promise.resolve(ok(asWritten(place))),
  );
  if (done !== 'stopped') return done;
  return err([{url: publicUrl(place.url), reason: 'stopped', stop: 'cancelled'}]);
}

async function tryUrls(
  store: Store,
  source: RemoteSource,
  place: Place,
  context: FetchContext,
): Promise<Result<Fetched, readonly Miss[]>> {
  const urls = resolvePlace(place.url, context.config, context.host);
  if (urls.length === 0) return err([{url: publicUrl(place.url), reason: noUrl(place.url)}]);
  const digest = blobDigest(place.sha256);
  const {name} = source.placement;
  const wanted = {name, partName: `${digest}.part`, digest, size: sizeOf(source, place)};
  const misses: Miss[] = [];
  for (const url of urls) {
    const got = await attempt(store, url, wanted, context);
    if (got.ok) return ok({digest, url: publicUrl(url)});
    misses.push(got.error);
    if (got.error.stop !== undefined) break;
  }
  return err(misses);
}

/** The size in a recipe is that of the first place; another place may have other bytes. */
function sizeOf(source: RemoteSource, place: Place): number | undefined {
  return place.sha256 === source.places[0]?.sha256 ? source.size : undefined;
}

/** Why a place has no URL at all. */
export function noUrl(url: string): string {
  const alias = splitAlias(url)?.alias ?? '';
  return alias === 'debian'
    ? "apt's configuration names no Debian archive"
    : `no alias ${alias} is configured`;
}

// --- what is said --------------------------------------------------------------------------------

function interrupted(source: RemoteSource): Checked<never> {
  return fail('source/interrupted', `the download of ${source.placement.name} was stopped`, {
    at: source.at,
  });
}

/** Wrong files are named one by one; without any, one problem lists every place. */
function failures(source: RemoteSource, misses: readonly PlaceMiss[]): readonly Diagnostic[] {
  const others = misses.filter((miss) => miss.wrong === undefined).map(noteOf);
  const wrong = misses.flatMap((miss) => wrongFile(source, miss, others) ?? []);
  if (wrong.length > 0) return wrong;
  const {name} = source.placement;
  return fail('source/unreachable', `${name} could not be downloaded from any of its places`, {
    at: source.at,
    notes: others,
    hint: 'add another place with or:, or a mirror to the configuration',
  }).error;
}

function noteOf(miss: PlaceMiss): Note {
  return {message: `${miss.url}: ${miss.reason}`, at: miss.place.at};
}

function wrongFile(
  source: RemoteSource,
  miss: PlaceMiss,
  others: readonly Note[],
): Diagnostic | undefined {
  if (miss.wrong === undefined) return undefined;
  const {digest, size, isPage} = miss.wrong;
  const facts = [
    `expected sha256 ${miss.place.sha256}`,
    `actual   sha256 ${digest}`,
    `size     ${size} bytes`,
    `from     ${miss.url}`,
  ];
  return problem('source/digest', `${source.placement.name} is not the file the recipe names`, {
    at: miss.place.at,
    notes: [...facts.map((message) => ({message})), ...others],
    hint: isPage
      ? 'the server sent an HTML page instead of the file: look at the URL in a browser'
      : 'if this file is the wanted one (a new release under the same name), pin it again',
  });
}

/** Another place had the right file: the wrong one is worth a warning, no more. */
function warnOfWrongFiles(
  source: RemoteSource,
  misses: readonly PlaceMiss[],
  context: FetchContext,
): void {
  for (const miss of misses) {
    const said = wrongFile(source, miss, []);
    if (said === undefined) continue;
    const {code, message, at, notes = []} = said;
    context.listener({type: 'diagnostic', diagnostic: warning(code, message, {at, notes})});
  }
}
