/**
 * Diagnostics as text for people: place, severity, code, excerpt, notes, hint; and as annotations
 * for GitHub. Knows nothing of who found them; the texts of files come from the caller.
 */
import type {Diagnostic, Location, Note} from '../base/diagnostic.ts';
import {lookOf, type Look} from './look.ts';
import {frameText} from './packages.ts';
import {count, harmless, indent, masked} from './text.ts';

export interface DiagnosticStyle {
  readonly color: boolean;
  /** The text of a file as the diagnostic names it; undefined where it cannot be read. */
  readonly readText: (file: string) => string | undefined;
  /** Adds a GitHub annotation for each (GITHUB_ACTIONS is set). */
  readonly annotate?: boolean;
}

/** All of them, in the order given; ends with a newline, empty for an empty list. */
export function formatDiagnostics(list: readonly Diagnostic[], style: DiagnosticStyle): string {
  const look = lookOf(style.color, true);
  const texts = list.map((one) => formatOne(one, look, style));
  const notes = style.annotate === true ? list.map((one) => annotation(one)) : [];
  return [...texts, ...notes].map((text) => `${text}\n`).join('');
}

/** `2 errors, 1 warning in 3 files`; empty for an empty list. */
export function countDiagnostics(list: readonly Diagnostic[]): string {
  const errors = list.filter((one) => one.severity === 'error').length;
  const warnings = list.length - errors;
  const parts = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ];
  const files = new Set(list.flatMap((one) => (one.at === undefined ? [] : [one.at.file])));
  return parts.join(', ') + (files.size > 0 ? ` in ${count(files.size, 'file')}` : '');
}

function formatOne(one: Diagnostic, look: Look, style: DiagnosticStyle): string {
  const severity = look.paint(one.severity === 'error' ? 'red' : 'yellow', one.severity);
  const place = one.at === undefined ? [] : [look.paint('bold', placeText(one.at))];
  const message = harmless(one.message);
  const excerpt = one.at === undefined ? undefined : excerptOf(one.at, message, look, style);
  return [
    [...place, severity, one.code].join('  '),
    excerpt ?? indent(message, 2),
    ...(one.notes ?? []).map((note) => noteText(note, look)),
    ...(one.hint === undefined ? [] : [labelled('hint', one.hint, look)]),
  ].join('\n');
}

/** `recipes/lfs/zlib.yaml:7:5` */
export function placeText(at: Location): string {
  return `${harmless(at.file)}:${at.line}:${at.column}`;
}

function noteText(note: Note, look: Look): string {
  const place = note.at === undefined ? '' : ` (${placeText(note.at)})`;
  return labelled('note', `${note.message}${place}`, look);
}

function labelled(word: string, text: string, look: Look): string {
  const lines = harmless(text)
    .split('\n')
    .join(`\n${' '.repeat(word.length + 4)}`);
  return `  ${look.paint('cyan', `${word}:`)} ${lines}`;
}

/** Longest part of a line that is shown. */
const WINDOW = 160;
/** A message longer than this stands on a line of its own below the excerpt. */
const BESIDE = 100;

/** The marked line with the one above it, and the message beside the mark. */
function excerptOf(
  at: Location,
  message: string,
  look: Look,
  style: DiagnosticStyle,
): string | undefined {
  const lines = style.readText(at.file)?.split(/\r\n|\n/);
  const marked = lines?.[at.line - 1];
  if (lines === undefined || marked === undefined) return undefined;
  const end = at.endLine === at.line ? at.endColumn : marked.length + 1;
  const shift = at.column > WINDOW - 40 ? at.column - 40 : 0;
  const cut = (line: string): string => oneLine(line).slice(shift, shift + WINDOW);
  const column = at.column - shift;
  const text =
    '\n'.repeat(Math.max(0, at.line - 2)) + shownLines(lines, at.line).map(cut).join('\n');
  const endColumn = Math.min(Math.max(end - shift, column), cut(marked).length + 1);
  const range = {line: at.line, column, endColumn: Math.max(endColumn, column)};
  const beside = message.length <= BESIDE && !message.includes('\n');
  const frame = painted(frameText(text, range, beside ? message : ''), look);
  return indent(beside ? frame : `${frame.trimEnd()}\n${message}`, 2);
}

function shownLines(lines: readonly string[], line: number): readonly string[] {
  return lines.slice(Math.max(0, line - 2), line);
}

/** Line separators that the frame would take for ends of lines become marks. */
function oneLine(line: string): string {
  return masked(line).replace(/[\r\u2028\u2029]/g, '?');
}

/** The mark in red; the rest of the excerpt as it is. */
function painted(frame: string, look: Look): string {
  const lines = frame.split('\n');
  const last = lines.pop() ?? '';
  const mark = last.replace(/\^+.*$/, (found) => look.paint('red', found));
  return [...lines, mark].join('\n');
}

/**
 * A workflow command that makes GitHub show the diagnostic beside the line.
 * Format and escapes: GitHub's "Workflow commands", setting an error or warning message.
 */
export function annotation(one: Diagnostic): string {
  const at = one.at;
  const fields = [
    ...(at === undefined ? [] : [`file=${property(at.file)}`, ...rangeFields(at)]),
    `title=${property(one.code)}`,
  ];
  const hint = one.hint === undefined ? '' : `\n${one.hint}`;
  return `::${one.severity} ${fields.join(',')}::${escaped(harmless(one.message + hint))}`;
}

function rangeFields(at: Location): string[] {
  const oneLined = at.line === at.endLine;
  const columns = [`col=${at.column}`, `endColumn=${at.endColumn}`];
  return [`line=${at.line}`, `endLine=${at.endLine}`, ...(oneLined ? columns : [])];
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
