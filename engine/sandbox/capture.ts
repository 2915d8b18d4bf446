/**
 * What a build made: compares what it left on disk with the layers it saw, judges changes to
 * other artifacts' files, checks what was promised. Reads only; publish.ts stores the result.
 */
import {problem, warning, type Diagnostic} from '../base/diagnostic.ts';
import {globMatcher} from '../base/glob.ts';
import type {Label} from '../base/label.ts';
import {timed, type Watch} from '../base/span.ts';
import {nextTurn} from '../base/turn.ts';
import {fromText, joinBytes, parentOf, toBytes, toText, type BytePath} from '../../store/bytes.ts';
import {sortEntries, type TreeEntry} from '../../store/manifest.ts';
import {Reach} from '../../store/reach.ts';
import type {SolidEntry} from '../../store/tree-entry.ts';
import {compare, type Beside, type Compared} from './compare.ts';
import {leakIn} from './content.ts';
import type {Lowers, Owned} from './lowers.ts';
import type {CaptureRules} from './protocol.ts';
import type {Found, Walked} from './walk.ts';

/** A recorded file: where its bytes are now. */
export interface Kept {
  readonly entry: Extract<SolidEntry, {type: 'file'}>;
  readonly file: Buffer;
}

export interface Capture {
  /** The artifact's tree, in order. */
  readonly entries: readonly TreeEntry[];
  readonly files: readonly Kept[];
  readonly warnings: readonly Diagnostic[];
  /** Not empty: the build has failed. */
  readonly problems: readonly Diagnostic[];
}

export interface CaptureInput {
  readonly walked: Walked;
  /** The folder that was walked. */
  readonly folder: string;
  readonly lowers: Lowers;
  readonly rules: CaptureRules;
  readonly label: Label;
  /** Whether a file is the very one that was laid there (copied roots); never for overlays. */
  readonly isUntouched: (found: Found) => boolean;
  readonly laidOut: (entry: SolidEntry) => SolidEntry;
  /** A clock in milliseconds. */
  readonly tick: () => number;
  readonly watch: Watch;
}

export async function capture(input: CaptureInput): Promise<Capture> {
  const replaced = new Set(input.rules.replaces);
  using reach = new Reach(input.folder);
  const isReplaced = (owner: Label): boolean => replaced.has(owner);
  const compared = await timed(input.watch, 'capture', 'hash and compare', () =>
    compareAll(input, {...input, reach, isReplaced}),
  );
  const recorded = compared.filter((one) => one.change !== 'none');
  const entries = withHardLinks(treeOf(compared, input), recorded);
  const removed = input.walked.removed.flatMap((path) => removals(input.lowers, path));
  return {
    entries,
    files: recorded.flatMap(({entry, found}) =>
      entry?.type === 'file' ? [{entry, file: joinBytes(input.folder, found.path)}] : [],
    ),
    warnings: compared.flatMap(socketWarning),
    problems: [
      ...foreignChanges(recorded, removed, input, replaced),
      ...missingOutputs(entries, input.rules.expect),
      ...leaks(recorded, input.rules.leaks),
    ],
  };
}

/** Hashing takes long: other builds of this worker get their turn in between. */
async function compareAll(input: CaptureInput, beside: Beside): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  let since = input.tick();
  for (const found of input.walked.found) {
    compared.push(compare(found, beside));
    if (input.tick() - since < 20) continue;
    await nextTurn();
    since = input.tick();
  }
  return compared;
}

// --- the tree ------------------------------------------------------------------------------------

/** What is recorded, with the folders on the way to it, and what was taken away. */
function treeOf(compared: readonly Compared[], input: CaptureInput): TreeEntry[] {
  const gone = input.walked.removed.filter((path) => input.lowers.at(path) !== undefined);
  const wanted = new Set<BytePath>(gone);
  for (const {found, change} of compared) if (change !== 'none') wanted.add(found.path);
  for (const path of [...wanted]) {
    for (let at = parentOf(path); at !== '' && !wanted.has(at); at = parentOf(at)) wanted.add(at);
  }
  const solid = compared.flatMap(({found, entry}) =>
    entry !== undefined && wanted.has(found.path) ? [entry] : [],
  );
  return sortEntries([...solid, ...gone.map((path) => ({type: 'whiteout' as const, path}))]);
}

/** Recorded paths of one inode are hard links of the first of them. */
function withHardLinks(entries: readonly TreeEntry[], recorded: readonly Compared[]): TreeEntry[] {
  const inodes = new Map<BytePath, number>();
  for (const {found} of recorded) {
    if (found.stat.isFile() && found.stat.nlink > 1) inodes.set(found.path, found.stat.ino);
  }
  const first = new Map<number, BytePath>();
  return entries.map((entry) => {
    const inode = entry.type === 'file' ? inodes.get(entry.path) : undefined;
    if (entry.type !== 'file' || inode === undefined) return entry;
    const earlier = first.get(inode);
    if (earlier === undefined) first.set(inode, entry.path);
    return {...entry, hardlink: earlier};
  });
}

// --- judging -------------------------------------------------------------------------------------

/** A removed folder takes with it what others have in it. */
function removals(lowers: Lowers, path: BytePath): readonly Owned[] {
  const top = lowers.at(path);
  return top === undefined ? [] : [top, ...lowers.below(path)];
}

const MOST_NOTES = 20;

function foreignChanges(
  recorded: readonly Compared[],
  removed: readonly Owned[],
  input: CaptureInput,
  replaced: ReadonlySet<Label>,
): Diagnostic[] {
  const mayNot = (owned: Owned): boolean => !owned.isBase && !replaced.has(owned.owner);
  const changes = [
    ...recorded.flatMap(({lost}) => lost.map((owned) => ({owned, word: 'changed'}))),
    ...removed.map((owned) => ({owned, word: 'removed'})),
  ].filter(({owned}) => mayNot(owned));
  const owners = [...new Set(changes.map(({owned}) => owned.owner))].sort();
  return owners.map((owner) => {
    const lines = changes
      .filter(({owned}) => owned.owner === owner)
      .map(({owned, word}) => ({message: `${word}: ${toText(owned.entry.path)}`}));
    const count = lines.length === 1 ? 'a file' : `${lines.length} files`;
    return problem(
      'sandbox/changes-need',
      `${input.label} changes or removes ${count} of ${owner}`,
      {
        notes: lines.slice(0, MOST_NOTES),
        hint: `if that is wanted: outputs: {replaces: [${owner}]}`,
      },
    );
  });
}

function missingOutputs(entries: readonly TreeEntry[], expect: readonly string[]): Diagnostic[] {
  const paths = entries.flatMap((one) => (one.type === 'whiteout' ? [] : [one.path]));
  return expect.flatMap((glob) => {
    const matches = globMatcher([fromText(glob)]);
    if (paths.some((path) => matches(path))) return [];
    const name = fromText(glob).slice(glob.lastIndexOf('/') + 1);
    const near = paths.filter((path) => path.endsWith(`/${name}`)).slice(0, 3);
    return [
      problem('sandbox/missing-output', `the build made no ${glob}`, {
        notes: near.map((path) => ({message: `it made ${toText(path)}`})),
        hint: 'expect: names paths without the first slash, as they lie in the finished system',
      }),
    ];
  });
}

function leaks(recorded: readonly Compared[], allowed: readonly string[]): Diagnostic[] {
  const isAllowed = globMatcher(allowed.map(fromText));
  const found = recorded.flatMap(({found: {path}, entry, leak}) => {
    const text = entry?.type === 'link' ? leakIn(toBytes(entry.target)) : leak;
    return text === undefined || isAllowed(path) ? [] : [{path, text}];
  });
  if (found.length === 0) return [];
  const count = found.length === 1 ? 'a file names' : `${found.length} files name`;
  return [
    problem('sandbox/leak', `${count} folders that exist only in the sandbox`, {
      notes: found
        .slice(0, MOST_NOTES)
        .map(({path, text}) => ({message: `${toText(path)}: ${text}`})),
      hint: 'install with another prefix, or allow it: outputs: {leaks: [glob]}',
    }),
  ];
}

function socketWarning({found, entry}: Compared): Diagnostic[] {
  if (entry !== undefined) return [];
  const kind = found.stat.isSocket() ? 'socket' : 'device';
  return [warning('sandbox/left-out', `${toText(found.path)} is a ${kind} and is left out`)];
}
