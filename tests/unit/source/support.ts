/** Configuration, host and sources for tests of this layer, and a store of their own. */
import os from 'node:os';
import path from 'node:path';
import type {Checked, Location} from '../../../engine/base/diagnostic.ts';
import {singly, type Event} from '../../../engine/base/event.ts';
import {readText, temporaryDir} from '../../../engine/base/files.ts';
import {blobDigest, sha256, type BlobDigest} from '../../../engine/base/hash.ts';
import type {Host} from '../../../engine/base/host.ts';
import {realHost} from '../../../engine/base/host.ts';
import type {Config, Place, Placement, RemoteSource} from '../../../engine/load/model.ts';
import type {FetchContext} from '../../../engine/source/fetch.ts';
import {openRun} from '../../../store/claims.ts';
import {openStore, type Store} from '../../../store/layout.ts';
import {blobPath, hasBlob} from '../../../store/pool.ts';

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

/** A store of its own with a run, events kept, and what a fetch needs. */
export interface Bench extends AsyncDisposable {
  readonly store: Store;
  readonly events: Event[];
  readonly folder: string;
  context(part?: Partial<FetchContext>): FetchContext;
}

export function bench(): Bench {
  const folder = temporaryDir(os.tmpdir(), 'recipes-source-');
  const opened = openStore(path.join(folder.path, 'store'), undefined);
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  const run = openRun(opened.value, host());
  const events: Event[] = [];
  const context = (part: Partial<FetchContext> = {}): FetchContext => ({
    config: config({}),
    host: host(),
    run,
    listener: (told) => events.push(...singly(told)),
    offline: false,
    hostsDown: new Set(),
    signal: new AbortController().signal,
    stallMilliseconds: 5000,
    ...part,
  });
  const dispose = async (): Promise<void> => {
    run.release();
    await folder[Symbol.asyncDispose]();
  };
  return {
    store: opened.value,
    events,
    folder: folder.path,
    context,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The one diagnostic of a failure, its notes as lines. */
export function complaint(result: Checked<unknown>): {code: string; text: string; hint: string} {
  if (result.ok) return {code: 'ok', text: JSON.stringify(result.value), hint: ''};
  const [first] = result.error;
  const notes = result.error.flatMap((one) => [
    one.message,
    ...(one.notes ?? []).map((note) => note.message),
  ]);
  return {code: first?.code ?? '', text: notes.join('\n'), hint: first?.hint ?? ''};
}

/** The text of a blob; undefined when the store does not have it. */
export function blobText(store: Store, content: string | Uint8Array): string | undefined {
  const mode = hasBlob(store, digestOf(content));
  return mode === undefined ? undefined : readText(blobPath(store, digestOf(content), mode));
}
