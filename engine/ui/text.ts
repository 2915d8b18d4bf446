/**
 * Small texts: durations, sizes, counts, cutting to a width, and foreign text made harmless.
 * Knows nothing of events.
 */
import {columnsOf, sizeText} from './packages.ts';

/** A finished duration: `0.14 s`, `4.1 s`, `3m12s`, `1h05m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return formatElapsed(milliseconds);
}

/** A duration that still grows, in whole seconds: `9s`, `3m12s`, `1h05m`. */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000 + 0.05);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${twoDigits(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`;
}

/** A guessed duration, as coarse as a guess is: `about 40 s`, `about 6 min`, `about 2 h`. */
export function formatGuess(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 55) return `about ${Math.max(5, Math.ceil(seconds / 5) * 5)} s`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 100 ? `about ${minutes} min` : `about ${Math.round(minutes / 60)} h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** Bytes for people, in decimal units: `1.5 MB`. */
export function formatSize(bytes: number): string {
  return sizeText(bytes);
}

/** `1 error`, `2 errors`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const PLAIN = /^[\x20-\x7e]*$/;

/** Columns a text takes on a terminal; ASCII is counted without loading anything. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : columnsOf(text);
}

/** Cuts a text to at most `width` columns; what was cut is marked by `more`. */
export function truncate(text: string, width: number, more: string): string {
  if (widthOf(text) <= width) return text;
  const room = width - widthOf(more);
  if (room <= 0) return '';
  let used = 0;
  let kept = '';
  for (const {segment} of new Intl.Segmenter().segment(text)) {
    used += widthOf(segment);
    if (used > room) break;
    kept += segment;
  }
  return kept + more;
}

/** Fills a text with blanks to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Each line of a text moved right. */
export function indent(text: string, blanks: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(blanks));
}

// Escape sequences by ECMA-48 §5.4, §8.3: CSI; the strings OSC, DCS, SOS, PM, APC; all others.
const CSI = /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?/g;
const STRINGS = /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?/g;
const OTHER = /\x1b[\x20-\x2f]*[\x30-\x7e]?/g;
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/** Characters that turn the reading order around and can make text show as what it is not. */
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/g;
const SGR = /^\x1b\[[0-9;:]*m$/;
/** Stands for ESC of a colour that may stay while everything else is removed. */
const KEPT = '\ufdd0';

/**
 * Foreign text (build output, file names, server answers) that can no longer drive the terminal:
 * escape sequences and control characters are removed, but for newline, tab and, where asked,
 * colours (SGR), which then end with the line.
 */
export function harmless(text: string, keepColor = false): string {
  const safe = text
    .replaceAll(KEPT, '')
    .replace(STRINGS, '')
    .replace(CSI, (found) => (keepColor && SGR.test(found) ? KEPT + found.slice(1) : ''))
    .replace(OTHER, '')
    .replace(CONTROL, '')
    .replace(DIRECTION, '');
  if (!safe.includes(KEPT)) return safe;
  const lines = safe.split('\n').map((line) => (line.includes(KEPT) ? `${line}${KEPT}[0m` : line));
  return lines.join('\n').replaceAll(KEPT, '\x1b');
}

/** The same with one `?` for each dangerous character, so that columns stay where they are. */
export function masked(text: string): string {
  return text.replace(CONTROL, '?').replace(DIRECTION, '?');
}

/** What a terminal would show of a line that was overprinted by carriage returns. */
export function overprinted(line: string): string {
  const body = line.replace(/[\r\n]+$/, '');
  return body.slice(body.lastIndexOf('\r') + 1);
}
