/**
 * Texts that a test compares with a file under tests/golden; `UPDATE_GOLDEN=1` writes them anew,
 * so that a change of what people see shows up as a diff.
 */
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';

/** The folder of the goldens, in the sources, not in dist. */
export const GOLDEN: string = fileURLToPath(new URL('../../../tests/golden/', import.meta.url));

/** Compares a text with `tests/golden/<name>`. Escapes are shown as `␛`, to keep the file readable. */
export function matchesGolden(t: ExecutionContext, name: string, text: string): void {
  const file = path.join(GOLDEN, name);
  const shown = text.replaceAll('\x1b', '␛');
  if ((process.env['UPDATE_GOLDEN'] ?? '') !== '') {
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(file, shown);
  }
  t.is(shown, fs.readFileSync(file, 'utf8'));
}
