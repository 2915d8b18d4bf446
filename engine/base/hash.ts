/**
 * The identities of things: sha256 for everything that decides (quick-print.ts for local prints).
 * The only file that makes branded digests; a string becomes one by `parse…` or by hashing.
 */
import {createHash, hash, type Hash} from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & {readonly [brand]: Name};

/** sha256 of a file's bytes, 64 hex digits. */
export type BlobDigest = Branded<'BlobDigest'>;
/** sha256 of a tree's manifest, 64 hex digits. */
export type TreeDigest = Branded<'TreeDigest'>;
/** Identifies what is written in a recipe. */
export type RecipeKey = Branded<'RecipeKey'>;
/** Identifies what a node resolved to: equal keys, equal work. */
export type ActionKey = Branded<'ActionKey'>;

const HEX64 = /^[0-9a-f]{64}$/;

/** From so many characters on, Node hashes bytes several times as fast as text. */
const LONG = 200;

export function sha256(data: string | Uint8Array): string {
  const isLong = typeof data === 'string' && data.length > LONG;
  return hash('sha256', isLong ? Buffer.from(data) : data, 'hex');
}

/** Of a text with one character for each byte; long ones piece by piece, in memory that is there. */
export function sha256OfBytes(text: string): string {
  const hashing = createHash('sha256');
  for (let at = 0; at < text.length; at += piece.length) {
    const n = piece.write(text.slice(at, at + piece.length), 'latin1');
    hashing.update(piece.subarray(0, n));
  }
  return hashing.digest('hex');
}

const piece = Buffer.allocUnsafeSlow(1 << 16);

export function sha256Stream(): Hash {
  return createHash('sha256');
}

export function blobDigest(hex: string): BlobDigest {
  return checked(hex) as BlobDigest;
}

export function treeDigest(hex: string): TreeDigest {
  return checked(hex) as TreeDigest;
}

export function recipeKey(hex: string): RecipeKey {
  return checked(hex) as RecipeKey;
}

export function actionKey(hex: string): ActionKey {
  return checked(hex) as ActionKey;
}

/** Whether a text has the shape of a digest: 64 lower-case hex digits. */
export function isDigest(text: string): boolean {
  return HEX64.test(text);
}

/** The eight digits shown to people; never used to decide. */
export function short(digest: string): string {
  return digest.slice(0, 8);
}

/** JSON with sorted keys and without `undefined`, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isPlain(inner) ? sorted(inner) : inner));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checked(hex: string): string {
  if (!isDigest(hex)) throw new TypeError(`not a sha256: ${hex}`);
  return hex;
}
