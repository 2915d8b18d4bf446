/**
 * One try to get a file from one URL into the store: transferred, checked, and only then visible
 * as a blob. Knows nothing of other places; fetch.ts has the list.
 */
import path from 'node:path';
import type {Diagnostic} from '../base/diagnostic.ts';
import type {Listener} from '../base/event.ts';
import type {BlobDigest} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import {err, ok, type Result} from '../base/result.ts';
import type {Config} from '../load/model.ts';
import {downloadsDir, type Store} from '../../store/layout.ts';
import {adoptFile} from '../../store/pool.ts';
import {storeTrouble} from '../../store/trouble.ts';
import type {HttpFault} from './http.ts';
import {Part} from './part.ts';
import {publicUrl} from './proxy.ts';
import {transfer} from './transfer.ts';

/** What downloads need of the world. */
export interface Transport {
  readonly config: Config;
  readonly host: Host;
  readonly listener: Listener;
  /** Hosts that failed in this run; failing ones are added, those in it are not asked. */
  readonly hostsDown: Set<string>;
  readonly signal: AbortSignal;
  /** Give up when nothing arrives for so long; default 30 s. */
  readonly stallMilliseconds?: number;
}

/** The file that is wanted. */
export interface Wanted {
  /** For people. */
  readonly name: string;
  /** Of the part file in the store's downloads/. */
  readonly partName: string;
  /** Undefined: whatever is there (pinning). */
  readonly digest: BlobDigest | undefined;
  readonly size: number | undefined;
}

export interface Got {
  readonly digest: BlobDigest;
  readonly size: number;
}

/** Why a place did not give the file. */
export interface Miss {
  /** Fit to be shown. */
  readonly url: string;
  readonly reason: string;
  /** What was there instead of the file. */
  readonly wrong?: Got & {readonly isPage: boolean};
  /** Trouble of the store, or the caller's wish: other places would not help. */
  readonly stop?: readonly Diagnostic[] | 'cancelled';
}

const STALL = 30_000;
/** Pool files of sources are plain files; the mode plays no part. */
const MODE = 0o644;

export async function attempt(
  store: Store,
  url: string,
  wanted: Wanted,
  transport: Transport,
): Promise<Result<Got, Miss>> {
  const shown = publicUrl(url);
  const refused = refusal(url, transport);
  if (refused !== undefined) return err({url: shown, reason: refused});
  const file = path.join(downloadsDir(store), wanted.partName);
  try {
    const part = Part.open(file);
    try {
      return await fill(store, part, url, wanted, transport);
    } finally {
      part.close();
    }
  } catch (error) {
    return err({url: shown, reason: 'the store failed', stop: storeTrouble(error, file)});
  }
}

/** Why a URL is not even tried. */
function refusal(url: string, transport: Transport): string | undefined {
  if (!URL.canParse(url)) return 'this is no URL';
  const {protocol, host} = new URL(url);
  if (!['http:', 'https:', 'file:'].includes(protocol)) return `${protocol} is not supported`;
  return transport.hostsDown.has(host) ? `not tried: ${host} failed before in this run` : undefined;
}

async function fill(
  store: Store,
  part: Part,
  url: string,
  wanted: Wanted,
  transport: Transport,
  isSecond = false,
): Promise<Result<Got, Miss>> {
  // Whole already: an earlier run was ended between the last byte and this line.
  if (wanted.digest === part.digest) return ok(keep(store, part));
  const {config, host, listener, signal} = transport;
  const {name, size} = wanted;
  const mostBytes = size ?? config.maxDownloadBytes;
  const stallMilliseconds = transport.stallMilliseconds ?? STALL;
  const isVerified = wanted.digest !== undefined;
  const options = {name, size, mostBytes, isVerified, host, listener, signal, stallMilliseconds};
  if (!isVerified) part.restart();
  const done = await transfer(url, part, options);
  if (!done.ok) return err(missOf(url, done.error, transport));
  if (wanted.digest === undefined || part.digest === wanted.digest) return ok(keep(store, part));
  if (done.value.resumed && !isSecond) {
    // The bytes of the earlier try may be of another file: once more from the first.
    part.restart();
    return fill(store, part, url, wanted, transport, true);
  }
  return err(wrongFile(url, part));
}

function missOf(url: string, fault: HttpFault, transport: Transport): Miss {
  if (fault.host !== undefined) transport.hostsDown.add(fault.host);
  const {reason} = fault;
  return {
    url: publicUrl(url),
    reason,
    ...(fault.kind === 'stopped' ? {stop: 'cancelled' as const} : {}),
  };
}

/** Gives the bytes to the pool; the part's own name goes. */
function keep(store: Store, part: Part): Got {
  const {digest, size} = part;
  adoptFile(store, Buffer.from(part.path), digest, MODE);
  part.remove();
  return {digest, size};
}

function wrongFile(url: string, part: Part): Miss {
  const {digest, size} = part;
  const isPage = /^\s*(<!doctype html|<html|<\?xml[^>]*>\s*<!doctype html)/i.test(
    part.head.toString('latin1'),
  );
  part.remove();
  const reason = `another file: sha256 ${digest}, ${size} bytes`;
  return {url: publicUrl(url), reason, wrong: {digest, size, isPage}};
}
