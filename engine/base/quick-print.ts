/**
 * xxhash64, for prints that never leave this machine: by itself, since loading it takes longer
 * than some answers.
 */
import xxhash from 'xxhash-wasm';

const {h64ToString, create64} = await xxhash();

/**
 * xxhash64 as 16 hex digits: 64 bits are good for noticing change on this machine (stat rows,
 * log lines), not for telling contents apart.
 */
export function quickPrint(text: string): string {
  return h64ToString(text);
}

/** The same over bytes given piece by piece. */
export function quickPrintBytes(bytes: Uint8Array): string {
  return create64().update(bytes).digest().toString(16).padStart(16, '0');
}
