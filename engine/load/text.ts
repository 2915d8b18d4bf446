/**
 * The text of a file with its lines: offsets to places people can go to.
 * Also turns bytes into text and refuses those that are none. Knows nothing of YAML.
 */
import {problem, type Diagnostic, type Location} from '../base/diagnostic.ts';
import {readStart} from '../base/files.ts';
import {err, ok, type Result} from '../base/result.ts';

export interface SourceText {
  /** As shown to people. */
  readonly file: string;
  /** Line ends are `\n` only; no byte order mark. */
  readonly text: string;
  /** Offset of the first character of each line. */
  readonly lines: readonly number[];
}

/** Larger files are refused: nobody writes them, and all reading is to stay quick. */
export const MAX_BYTES: number = 1024 * 1024;

/** UTF-8 bytes as text; refuses what is too large, no UTF-8, or has control characters. */
export function sourceText(file: string, bytes: Uint8Array): Result<SourceText, Diagnostic> {
  if (bytes.length > MAX_BYTES) {
    const message = `the file has more than ${MAX_BYTES} bytes`;
    return err(problem('yaml/too-large', message, {at: startOf(file)}));
  }
  const decoded = new TextDecoder('utf-8').decode(bytes);
  const wrong = firstDifference(bytes, decoded);
  const made = withLines(file, decoded.replaceAll('\r\n', '\n'));
  if (wrong !== undefined) return err(notUtf8(file, bytes, wrong));
  const control = /[\0-\x08\x0b-\x1f\x7f]/.exec(made.text);
  if (control === null) return ok(made);
  const name = control[0].charCodeAt(0).toString(16).padStart(4, '0');
  const at = locate(made, control.index, control.index + 1);
  return err(
    problem('yaml/not-text', `the control character U+${name} does not belong here`, {at}),
  );
}

/** The bytes of a file, or one more than are taken. Throws system errors. */
export function readBytes(file: string): Uint8Array {
  return readStart(file, MAX_BYTES + 1);
}

/** The place of a range of offsets. */
export function locate(source: SourceText, start: number, end: number = start): Location {
  const from = placeOf(source, start);
  const to = placeOf(source, Math.max(start, end));
  return {file: source.file, ...from, endLine: to.line, endColumn: to.column};
}

/** The first character of a file. */
export function startOf(file: string): Location {
  return {file, line: 1, column: 1, endLine: 1, endColumn: 1};
}

function withLines(file: string, text: string): SourceText {
  const lines = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.push(at + 1);
  return {file, text, lines};
}

/** Binary search: files may have many lines and many places are asked for. */
function placeOf(source: SourceText, offset: number): {line: number; column: number} {
  let low = 0;
  let high = source.lines.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((source.lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return {line: low + 1, column: offset - (source.lines[low] ?? 0) + 1};
}

const MARK = [0xef, 0xbb, 0xbf];

/** Where decoding lost something: the offset of the first byte that is no UTF-8. */
function firstDifference(bytes: Uint8Array, decoded: string): number | undefined {
  const skip = MARK.every((byte, index) => bytes[index] === byte) ? MARK.length : 0;
  const rest = bytes.subarray(skip);
  const again = Buffer.from(decoded, 'utf8');
  if (again.equals(rest)) return undefined;
  return skip + rest.findIndex((byte, index) => byte !== again[index]);
}

function notUtf8(file: string, bytes: Uint8Array, offset: number): Diagnostic {
  const before = Buffer.from(bytes.subarray(0, offset)).toString('latin1');
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  const at = {file, line, column, endLine: line, endColumn: column + 1};
  const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0');
  return problem('yaml/not-text', `the byte 0x${byte} is not valid UTF-8`, {
    at,
    hint: 'save the file as UTF-8',
  });
}
