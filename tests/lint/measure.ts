/**
 * Sizes of code: lines of files and functions, the share of comments, uses of `any`.
 * A function is what has a body of more than one line; the limits belong to shape.ts.
 */
import ts from 'typescript';
import type {CodeFile} from './sources.ts';

export interface Shape {
  readonly files: number;
  readonly lines: number;
  readonly medianFile: number;
  readonly longestFile: number;
  readonly functions: number;
  readonly medianFunction: number;
  readonly p90Function: number;
  readonly longestFunction: number;
  /** Lines that hold a comment and nothing else, of all lines. */
  readonly commentShare: number;
  readonly anys: number;
  /** Files over 400 and functions over 60 lines. */
  readonly tooLong: readonly string[];
}

interface Sized {
  readonly place: string;
  readonly lines: number;
}

export function measure(files: readonly CodeFile[]): Shape {
  const sizes = files.map((file) => ({place: file.path, lines: linesOf(file.text)}));
  const functions = files.flatMap(functionsOf);
  const lines = sum(sizes.map((one) => one.lines));
  const long = [
    ...sizes.filter((one) => one.lines > 400),
    ...functions.filter((one) => one.lines > 60),
  ];
  return {
    files: files.length,
    lines,
    medianFile: percentile(sizes, 0.5),
    longestFile: percentile(sizes, 1),
    functions: functions.length,
    medianFunction: percentile(functions, 0.5),
    p90Function: percentile(functions, 0.9),
    longestFunction: percentile(functions, 1),
    commentShare: sum(files.map((file) => commentLines(file.text))) / Math.max(1, lines),
    anys: sum(files.map(anysIn)),
    tooLong: long.map((one) => `${one.place}: ${one.lines} lines`),
  };
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Functions, methods and accessors; arrow functions of one line are no functions here. */
export function functionsOf({path, tree}: CodeFile): Sized[] {
  const found: Sized[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = tree.getLineAndCharacterOfPosition(node.getStart()).line;
      const last = tree.getLineAndCharacterOfPosition(node.end).line;
      const lines = last - first + 1;
      if (lines > 1 || !ts.isArrowFunction(node))
        found.push({place: `${path}:${first + 1}`, lines});
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

export function anysIn({tree}: CodeFile): number {
  let anys = 0;
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) anys += 1;
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return anys;
}

function commentLines(text: string): number {
  return text.split('\n').filter((line) => /^\s*(\/\/|\/\*|\*( |\/|$))/.test(line)).length;
}

/** The value below which this share of the sizes lies; 0 for none. */
function percentile(sizes: readonly Sized[], share: number): number {
  const sorted = sizes.map((one) => one.lines).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
