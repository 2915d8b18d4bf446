/**
 * Which of the places of an `or:` list is used, and what describes a source in the recipe key.
 * Pure: what is here and what was chosen before comes in as values.
 */
import {blobDigest, type BlobDigest} from '../base/hash.ts';
import type {Place, Placement, RemoteSource, Source} from '../load/model.ts';

/** What to do for a source: use a blob that is here, or try these in order. */
export interface Choice {
  /** The place whose bytes are in the store and are to be used as they are. */
  readonly here: Place | undefined;
  /** Otherwise the places to fetch, in this order. */
  readonly fetch: readonly Place[];
  /** What to use when none of those can be had: another place whose bytes are here. */
  readonly fallback: Place | undefined;
}

/**
 * The recorded choice wins, here or not: another choice would change the action key. Without
 * one, the first place whose bytes are here, else the first that can be fetched.
 */
export function choosePlace(
  places: readonly Place[],
  preferred: BlobDigest | undefined,
  isHere: (digest: BlobDigest) => boolean,
): Choice {
  const firstHere = places.find((place) => isHere(blobDigest(place.sha256)));
  const chosen = places.filter((place) => place.sha256 === preferred);
  const others = places.filter((place) => place.sha256 !== preferred);
  if (chosen.length === 0) return {here: firstHere, fetch: places, fallback: undefined};
  if (preferred !== undefined && isHere(preferred)) {
    return {here: chosen[0], fetch: chosen, fallback: undefined};
  }
  const fetch = firstHere === undefined ? [...chosen, ...others] : chosen;
  return {here: undefined, fetch, fallback: firstHere};
}

/**
 * The lines a source adds to the recipe key: what its bytes are and where they land. Never where
 * they come from: a new mirror rebuilds nothing. What a `path:` holds is in the action key only.
 */
export function describeSource(source: Source): readonly string[] {
  return [...identityLines(source), ...placementLines(source.placement)];
}

function identityLines(source: Source): readonly string[] {
  switch (source.type) {
    case 'remote':
      return digestsOf(source).map((digest) => `sha256 = ${digest}`);
    case 'git':
      return [`git = ${source.rev}`];
    case 'path':
      // The folder is named by no path of this machine; globs decide what belongs to it.
      return ['path', ...source.ignore.map((glob) => `ignore = ${glob}`)];
  }
}

/** The digests of all places in the order written, each once. */
export function digestsOf(source: RemoteSource): readonly BlobDigest[] {
  return [...new Set(source.places.map((place) => blobDigest(place.sha256)))];
}

function placementLines(placement: Placement): readonly string[] {
  const {name, strip, into, subdir, unpack} = placement;
  const how = typeof unpack === 'object' ? `inner ${unpack.inner}` : String(unpack);
  return [
    `name = ${name}`,
    `strip = ${strip}`,
    `into = ${into}`,
    ...(subdir === undefined ? [] : [`subdir = ${subdir}`]),
    `unpack = ${how}`,
  ];
}
