/**
 * Build step: writes the compiled validators beside the compiled code.
 * With --update also the committed copies: the generated types and the recipe reference.
 */
import {argv} from 'node:process';
import {fileURLToPath} from 'node:url';
import {writeFileAtomic} from '../engine/base/files.ts';
import {NAMES, typesText, validatorsText} from './generate.ts';
import {referenceText} from './reference.ts';

/** A path relative to this file as compiled, which is dist/schemas/. */
const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

writeFileAtomic(beside('validators.cjs'), validatorsText(), {durable: false});
if (argv.includes('--update')) {
  for (const name of NAMES) update(`schemas/types/${name}.ts`, await typesText(name));
  update('docs/recipe-reference.md', referenceText());
}

function update(file: string, text: string): void {
  writeFileAtomic(beside(`../../${file}`), text, {durable: false});
}
