/**
 * YAML text → a tree with places, or what is wrong with it. Refuses what recipes do not need and
 * what makes reading dangerous or slow: anchors, aliases, tags, merge keys, directives, several
 * documents, repeated keys, names of JavaScript's object machinery, depth over 32.
 *
 * Everything here is linear in the size of the file. The yaml package resolves aliases and looks
 * for repeated keys in quadratic time, so neither is asked of it: the syntax tree is walked instead.
 */
import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  CST,
  Lexer,
  Parser,
  type Document,
  type Scalar as YamlScalar,
  type YAMLMap,
  type ErrorCode,
} from 'yaml';
import {problem, type Diagnostic, type Location} from '../base/diagnostic.ts';
import type {DataNode, MapEntry, Scalar, ScalarNode} from './nodes.ts';
import {locate, sourceText, type SourceText} from './text.ts';

export const MAX_DEPTH = 32;

/** More mistakes than this in one file are one mistake: it is not what it claims to be. */
const MAX_PROBLEMS = 100;

/** Words, signs, blanks and line ends of a file; some 20,000 lines of values. */
const MAX_LEXEMES = 100_000;

/** Keys that are properties of every JavaScript object: never names of anything here. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

export interface YamlResult {
  /** Undefined when the text has mistakes that leave nothing to look at. */
  readonly node: DataNode | undefined;
  readonly problems: readonly Diagnostic[];
}

/** A file while it is read. */
interface Reading {
  readonly source: SourceText;
  readonly problems: Diagnostic[];
}

type Syntax = {readonly range?: readonly [number, number, number] | null | undefined};

/** Reads the bytes of one file; `file` is its name as shown to people. */
export function readYaml(file: string, bytes: Uint8Array): YamlResult {
  const checked = sourceText(file, bytes);
  if (!checked.ok) return {node: undefined, problems: [checked.error]};
  const reading: Reading = {source: checked.value, problems: []};
  const tokens = tokensOf(reading);
  const node = tokens === undefined ? undefined : compose(reading, tokens);
  return {node, problems: reading.problems.slice(0, MAX_PROBLEMS)};
}

/** The syntax tree; undefined when there is no sense in looking at it any further. */
function tokensOf(reading: Reading): CST.Token[] | undefined {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let previous = '';
  let count = 0;
  for (const lexeme of new Lexer().lex(reading.source.text)) {
    // After this sign comes the text of a scalar, in which no character means anything.
    if (previous !== CST.SCALAR) refuseLexeme(reading, lexeme, parser.offset);
    for (const token of parser.next(lexeme)) tokens.push(token);
    previous = lexeme;
    count += 1;
    if (goesTooFar(reading, parser, count)) return undefined;
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/** Limits that keep reading quick, whatever the file is: mistakes cost far more than values. */
function goesTooFar(reading: Reading, parser: Parser, count: number): boolean {
  const at = (): Location => locate(reading.source, parser.offset);
  if (parser.stack.length > 2 * MAX_DEPTH) report(reading, 'yaml/too-deep', DEEP, at());
  else if (count > MAX_LEXEMES) report(reading, 'yaml/too-large', MANY, at());
  else return reading.problems.length >= MAX_PROBLEMS;
  return true;
}

const DEEP = `values are nested more than ${MAX_DEPTH} deep`;
const MANY = `the file has more than ${MAX_LEXEMES} words and signs`;

const SPELL_OUT = 'write the value out at each place';

/** What the first character of a lexeme announces, where we do not want it. */
const REFUSED: Readonly<Record<string, {readonly what: string; readonly hint: string}>> = {
  '&': {what: 'anchors', hint: SPELL_OUT},
  '*': {what: 'aliases', hint: SPELL_OUT},
  '!': {what: 'tags', hint: 'leave the tag out'},
  '%': {what: 'directives', hint: 'leave the line out'},
};

function refuseLexeme(reading: Reading, lexeme: string, offset: number): void {
  const refused = REFUSED[lexeme.charAt(0)];
  if (refused === undefined) return;
  const at = locate(reading.source, offset, offset + lexeme.length);
  const message = `${refused.what} are not used here: ${lexeme.trimEnd()}`;
  report(reading, 'yaml/forbidden', message, at, refused.hint);
}

function compose(reading: Reading, tokens: CST.Token[]): DataNode | undefined {
  const composer = new Composer({schema: 'core', uniqueKeys: false, merge: false, strict: true});
  const end = reading.source.text.length;
  const documents = [...composer.compose(tokens, true, end)] as Document.Parsed[];
  const [first, second] = documents;
  if (first === undefined) return undefined;
  if (second !== undefined) {
    const at = locate(reading.source, second.range[0]);
    report(reading, 'yaml/forbidden', 'a file holds one document', at, 'make it two files');
  }
  const wrong = first.errors.find(({code}) => !ALREADY.has(code));
  if (wrong !== undefined) syntaxError(reading, wrong);
  const node = convert(reading, first.contents, 0, 0);
  return first.errors.length > 0 ? undefined : node;
}

/** Reported already, as something that is not used at all. */
const ALREADY: ReadonlySet<string> = new Set(['TAG_RESOLVE_FAILED', 'BAD_ALIAS', 'BAD_DIRECTIVE']);

interface SyntaxMistake {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pos: readonly [number, number];
}

/** Only the first of a file: once YAML is out of step, what follows is mostly the same mistake. */
function syntaxError(reading: Reading, {code, message, pos}: SyntaxMistake): void {
  const at = locate(reading.source, pos[0], pos[1]);
  const {lines, text} = reading.source;
  const line = text.slice(lines[at.line - 1], pos[1]);
  const unquoted = code === 'UNEXPECTED_TOKEN' && /[[{,:]\s*[^"'{}[\]]*\$\{$/.test(line);
  const hint = unquoted ? 'between brackets a text with ${…} needs quotes' : undefined;
  report(reading, 'yaml/syntax', sentence(message), at, hint);
}

/** The value of a syntax node. Recursion is bounded: what is too deep is not entered. */
function convert(reading: Reading, node: unknown, depth: number, fallback: number): DataNode {
  const at = whereIs(reading, node as Syntax | null, fallback);
  if (depth > MAX_DEPTH) {
    report(reading, 'yaml/too-deep', DEEP, at);
    return nothing(at);
  }
  if (isMap(node)) return {kind: 'map', entries: entriesOf(reading, node, depth), at};
  if (isSeq(node)) {
    const start = node.range?.[0] ?? fallback;
    const items = node.items.map((item) => convert(reading, item, depth + 1, start));
    return {kind: 'list', items, at};
  }
  return isScalar(node) ? scalar(reading, node, at) : nothing(at);
}

function entriesOf(reading: Reading, map: YAMLMap, depth: number): Map<string, MapEntry> {
  const entries = new Map<string, MapEntry>();
  for (const pair of map.items) {
    const at = whereIs(reading, pair.key as Syntax, map.range?.[0] ?? 0);
    const name = keyText(reading, pair.key, at);
    if (name === undefined) continue;
    const known = entries.get(name);
    if (known !== undefined) {
      const notes = [{message: 'the first one', at: known.key}];
      reading.problems.push(
        problem('yaml/duplicate-key', `${name} stands here twice`, {at, notes}),
      );
      continue;
    }
    const end = (pair.key as Syntax).range?.[1] ?? 0;
    entries.set(name, {key: at, value: convert(reading, pair.value, depth + 1, end)});
  }
  return entries;
}

/** The text of a key; undefined (and reported) when it may not be one. */
function keyText(reading: Reading, key: unknown, at: Location): string | undefined {
  if (isAlias(key)) return undefined;
  if (!isScalar(key) || key.value === null) {
    report(reading, 'yaml/forbidden', 'a key must be a text', at);
    return undefined;
  }
  const text = typeof key.value === 'string' ? key.value : (key.source ?? '');
  if (text === '<<') {
    report(reading, 'yaml/forbidden', 'merge keys are not used here', at, SPELL_OUT);
    return undefined;
  }
  if (!RESERVED.has(text)) return text;
  report(reading, 'yaml/forbidden', `${text} may not be the name of anything`, at);
  return undefined;
}

function scalar(reading: Reading, node: YamlScalar, at: Location): ScalarNode {
  const value = node.value as Scalar;
  const source = typeof value === 'string' ? value : (node.source ?? '');
  if (source.includes('\0')) report(reading, 'yaml/not-text', 'a text may not hold U+0000', at);
  return {kind: 'scalar', value, source, at, inner: innerPlace(reading, node, source)};
}

/** Where the text itself starts: after the quote; undefined when it is not written as it is. */
function innerPlace(reading: Reading, node: YamlScalar, source: string): ScalarNode['inner'] {
  const start = (node.range?.[0] ?? 0) + (node.type?.startsWith('QUOTE') === true ? 1 : 0);
  const asWritten = reading.source.text.startsWith(source, start) && !source.includes('\n');
  return asWritten ? locate(reading.source, start) : undefined;
}

function nothing(at: Location): ScalarNode {
  return {kind: 'scalar', value: null, source: '', at, inner: undefined};
}

/** The place of a node: from its first character to the last of its value. */
function whereIs(reading: Reading, node: Syntax | null | undefined, fallback: number): Location {
  const [start, end] = node?.range ?? [fallback, fallback];
  return locate(reading.source, start, end);
}

function report(
  reading: Reading,
  code: Diagnostic['code'],
  message: string,
  at: Location,
  hint?: string,
): void {
  reading.problems.push(problem(code, message, {at, hint}));
}

/** The parser's message as we write messages: small first letter, no full stop. */
function sentence(message: string): string {
  const text = message.charAt(0).toLowerCase() + message.slice(1);
  return text.replace(/\.$/, '');
}
