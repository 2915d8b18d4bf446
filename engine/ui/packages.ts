/**
 * The packages the screen is made with, each loaded when it is first used.
 * "Nothing to do" must not pay for them, and printing cannot wait, so they come by `require`.
 */
import {createRequire} from 'node:module';
import type * as CodeFrame from '@babel/code-frame';
import type * as LogUpdate from 'log-update';
import type * as PrettyBytes from 'pretty-bytes';
import type * as StringWidth from 'string-width';
import type Picocolors from 'picocolors';
import type {Colors} from 'picocolors/types.js';

const load = createRequire(import.meta.url);

/** The colour functions, colours on. */
export function colorFunctions(): Colors {
  return (load('picocolors') as typeof Picocolors).createColors(true);
}

/** Columns a text takes on a terminal. */
export function columnsOf(text: string): number {
  return (load('string-width') as typeof StringWidth).default(text);
}

/** A number of bytes in decimal units: `1.5 MB`. */
export function sizeText(bytes: number): string {
  return (load('pretty-bytes') as typeof PrettyBytes).default(bytes);
}

/** A range of a text with a mark under it; lines and columns count from 1, the end is exclusive. */
export function frameText(
  text: string,
  at: {readonly line: number; readonly column: number; readonly endColumn: number},
  message: string,
): string {
  const start = {line: at.line, column: at.column};
  const end = {line: at.line, column: at.endColumn};
  const options = {linesAbove: 1, linesBelow: 0, highlightCode: false, message};
  return (load('@babel/code-frame') as typeof CodeFrame).codeFrameColumns(
    text,
    {start, end},
    options,
  );
}

/** What the repainting needs of a terminal; all it writes goes through `write`. */
export interface Screen {
  readonly columns: number;
  write(text: string): void;
}

/** A status area that repaints itself in place. */
export function statusArea(screen: Screen): typeof LogUpdate.default {
  const {createLogUpdate} = load('log-update') as typeof LogUpdate;
  // The cursor stays visible: a killed engine must not leave a terminal without one.
  return createLogUpdate(screen as unknown as NodeJS.WritableStream, {showCursor: true});
}
