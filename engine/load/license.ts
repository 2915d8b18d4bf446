/**
 * Whether a text is an SPDX licence expression (https://spdx.github.io/spdx-spec/, annex D).
 * The one file that loads spdx-expression-parse and its list of identifiers.
 */
import {createRequire} from 'node:module';
import {didYouMean, similarTo} from '../base/suggest.ts';

const require = createRequire(import.meta.url);
const known = new Set<string>();

export interface LicenseError {
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with a licence expression; undefined for a good one. */
export function licenseError(text: string): LicenseError | undefined {
  if (known.has(text)) return undefined;
  const parse = require('spdx-expression-parse') as (expression: string) => unknown;
  try {
    parse(text);
  } catch {
    return {message: `\`${text}\` is no SPDX licence expression`, hint: hintFor(text)};
  }
  known.add(text);
  return undefined;
}

function hintFor(text: string): string {
  const beside = createRequire(require.resolve('spdx-expression-parse'));
  const names = beside('spdx-license-ids') as readonly string[];
  const wrong = text
    .split(/[\s()]+/)
    .filter((word) => word !== '' && !/^(AND|OR|WITH)$/.test(word))
    .find((word) => !names.includes(word));
  const near = wrong === undefined ? undefined : didYouMean(similarTo(wrong, names, 1));
  return near ?? 'identifiers of https://spdx.org/licenses joined by AND, OR, WITH';
}
