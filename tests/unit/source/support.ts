/** Configuration, host and sources for tests of this layer, and a store of their own. */
import {blobDigest, sha256, type BlobDigest} from '../../../engine/base/hash.ts';
import type {Location} from '../../../engine/base/diagnostic.ts';
import type {Host} from '../../../engine/base/host.ts';
import {realHost} from '../../../engine/base/host.ts';
import type {Config, Place, Placement, RemoteSource} from '../../../engine/load/model.ts';

export const AT: Location = {file: 'r.yaml', line: 1, column: 1, endLine: 1, endColumn: 2};

export function config(part: Partial<Config>): Config {
  return {
    storePath: '/nowhere',
    jobs: 1,
    aliases: {},
    mirrors: {},
    sets: {},
    overrides: {},
    options: {},
    testsGate: false,
    maxDownloadBytes: 1 << 30,
    ...part,
  };
}

/** The real machine without its environment. */
export function host(env: Readonly<Record<string, string>> = {}): Host {
  return {...realHost(), env};
}

export const PLACEMENT: Placement = {
  name: 'x.tar.gz',
  strip: 1,
  into: 'x-1',
  subdir: undefined,
  unpack: 'auto',
};

export function place(url: string, content: string | Uint8Array): Place {
  return {url, sha256: sha256(content), at: AT};
}

export function remote(places: readonly Place[], size?: number): RemoteSource {
  return {type: 'remote', at: AT, placement: PLACEMENT, places, size};
}

export function digestOf(content: string | Uint8Array): BlobDigest {
  return blobDigest(sha256(content));
}
