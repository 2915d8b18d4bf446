/**
 * The project's own code as data: files, imports, cycles. Read with the TypeScript parser, so
 * that imports of types count and text in comments does not.
 */
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import ts from 'typescript';

/** The folder of package.json; this file runs as dist/tests/lint/sources.js. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

export interface CodeFile {
  /** Relative to the project, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  readonly line: number;
  readonly typeOnly: boolean;
}

/** Written by `schemas/compile.ts --update`; held by a freshness test, not by the style rules. */
const GENERATED = 'schemas/types/';

/** All TypeScript files below these folders, sorted by path; generated ones left out. */
export function codeFiles(folders: readonly string[]): CodeFile[] {
  return folders
    .flatMap((folder) => filesBelow(folder))
    .filter((file) => /\.c?ts$/.test(file) && !file.startsWith(GENERATED))
    .sort()
    .map((file) => parse(file, fs.readFileSync(path.join(ROOT, file), 'utf8')));
}

/** Relative paths of all files below a folder of the project. */
export function filesBelow(folder: string): string[] {
  const at = path.join(ROOT, folder);
  if (!fs.existsSync(at)) return [];
  return fs
    .readdirSync(at, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

export function parse(file: string, text: string): CodeFile {
  return {path: file, text, tree: ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)};
}

/** Static and dynamic imports and re-exports, in the order written. */
export function importsOf({tree}: CodeFile): Import[] {
  const found: Import[] = [];
  const add = (at: ts.Node, specifier: ts.Expression, typeOnly: boolean): void => {
    if (!ts.isStringLiteralLike(specifier)) return;
    const {line} = tree.getLineAndCharacterOfPosition(at.getStart());
    found.push({specifier: specifier.text, line: line + 1, typeOnly});
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(
        node,
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      );
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      for (const argument of node.arguments.slice(0, 1)) add(node, argument, false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node, node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** The project file a relative import means; undefined for packages. */
export function targetOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
}

/** file → the project files it imports. */
export function importGraph(files: readonly CodeFile[]): Map<string, string[]> {
  const known = new Set(files.map((file) => file.path));
  return new Map(
    files.map((file) => {
      const targets = importsOf(file).map((one) => targetOf(file.path, one.specifier));
      return [file.path, targets.filter((one) => one !== undefined && known.has(one))] as [
        string,
        string[],
      ];
    }),
  );
}

interface Visit {
  readonly node: string;
  next: number;
}

/**
 * The groups of files that import each other (strongly connected components of two and more,
 * and files that import themselves). Tarjan 1972, iterative: long chains must not overflow.
 */
export function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const onStack = new Set<string>();
  const groups: string[][] = [];
  const work: Visit[] = [];
  const enter = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    open.push(node);
    onStack.add(node);
    work.push({node, next: 0});
  };
  const lower = (node: string, to: number): void => {
    low.set(node, Math.min(low.get(node) ?? to, to));
  };
  const leave = (node: string): void => {
    work.pop();
    const parent = work.at(-1);
    if (parent !== undefined) lower(parent.node, low.get(node) ?? 0);
    if (low.get(node) !== index.get(node)) return;
    const group = open.splice(open.lastIndexOf(node));
    for (const member of group) onStack.delete(member);
    if (group.length > 1 || graph.get(node)?.includes(node) === true) groups.push(group.sort());
  };
  for (const root of graph.keys()) {
    if (!index.has(root)) enter(root);
    for (let visit = work.at(-1); visit !== undefined; visit = work.at(-1)) {
      const child = graph.get(visit.node)?.[visit.next];
      visit.next += 1;
      if (child === undefined) leave(visit.node);
      else if (!index.has(child)) enter(child);
      else if (onStack.has(child)) lower(visit.node, index.get(child) ?? 0);
    }
  }
  return groups.sort();
}
