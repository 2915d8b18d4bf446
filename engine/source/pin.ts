/**
 * Finds out what is behind a URL now, for a recipe that does not name its sha256 yet. The bytes
 * stay in the store, so that the first build downloads nothing.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import {sha256, type BlobDigest} from '../base/hash.ts';
import {err, ok} from '../base/result.ts';
import type {Store} from '../../store/layout.ts';
import {storeTrouble} from '../../store/trouble.ts';
import {resolvePlace} from './alias.ts';
import {attempt, type Miss} from './attempt.ts';
import {exclusively} from './exclusive.ts';
import {noUrl, type FetchContext} from './fetch.ts';
import {publicUrl} from './proxy.ts';

export interface Pin {
  readonly sha256: BlobDigest;
  /** Bytes. */
  readonly size: number;
  /** The URL that gave them; `url` may have been an alias. */
  readonly from: string;
}

/**
 * Downloads a place as written (`alias:path` or URL) from the first of its URLs that answers.
 * Nothing vouches for the bytes: whoever pins looks at them. Errors: `source/unreachable`,
 * `source/offline`, `source/interrupted`, and those of the store.
 */
export async function computePin(
  store: Store,
  url: string,
  context: FetchContext,
): Promise<Checked<Pin>> {
  const shown = publicUrl(url);
  if (context.offline) return fail('source/offline', `${shown} cannot be pinned with --offline`);
  try {
    const name = `pin-${sha256(url).slice(0, 32)}`;
    const done = await exclusively(store, name, shown, context, () =>
      pin(store, url, name, context),
    );
    return done === 'stopped' ? interrupted(shown) : done;
  } catch (error) {
    return err(storeTrouble(error, store.root));
  }
}

async function pin(
  store: Store,
  url: string,
  partName: string,
  context: FetchContext,
): Promise<Checked<Pin>> {
  const urls = resolvePlace(url, context.config, context.host);
  const misses: Miss[] = urls.length === 0 ? [{url: publicUrl(url), reason: noUrl(url)}] : [];
  for (const one of urls) {
    const name = publicUrl(one).split('/').at(-1) ?? one;
    const wanted = {name, partName: `${partName}.part`, digest: undefined, size: undefined};
    const got = await attempt(store, one, wanted, context);
    if (got.ok) return ok({sha256: got.value.digest, size: got.value.size, from: publicUrl(one)});
    const {stop} = got.error;
    if (stop !== undefined) return stop === 'cancelled' ? interrupted(publicUrl(url)) : err(stop);
    misses.push(got.error);
  }
  return fail('source/unreachable', `${publicUrl(url)} could not be downloaded`, {
    notes: misses.map((miss) => ({message: `${miss.url}: ${miss.reason}`})),
  });
}

function interrupted(shown: string): Checked<never> {
  return fail('source/interrupted', `the download of ${shown} was stopped`);
}
