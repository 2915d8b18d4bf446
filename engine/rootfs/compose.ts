/**
 * Lays a root together, on manifests alone: its layers over each other, what its recipe adds to
 * them, its users and groups. Every conflict is found before anything is written, with the names of
 * both owners. Pure.
 */
import {problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import {globMatcher} from '../base/glob.ts';
import {blobDigest, sha256} from '../base/hash.ts';
import {Bug, err, ok} from '../base/result.ts';
import type {BuildNode, LinkedRoot} from '../graph/model.ts';
import type {ComposedRoot, FileContent, RootParts} from '../graph/root-parts.ts';
import type {RootItem, RootPlan, Step} from '../load/model.ts';
import {fromText, toText, type BytePath} from '../../store/bytes.ts';
import type {SolidEntry} from '../../store/tree-entry.ts';
import {Union, type UnionConflict} from '../../store/union.ts';
import {accountsOf, type Accounts} from './accounts.ts';

/** More of the same kind tell nothing new. */
const MOST_SHOWN = 20;

export function composeRoot(parts: RootParts): Checked<ComposedRoot> {
  const {node} = parts;
  const plan = node.build.root;
  if (plan === undefined || node.root === undefined) throw new Bug(`${node.label} is no root`);
  const asked = new Set<BytePath>();
  const union = new Union(leftOut(plan.exclude), (path) => asked.add(path));
  union.ground(parts.ground ?? []);
  const conflicts = layAll(union, parts, node.root);
  if (conflicts.length > 0) return err(conflicts.slice(0, MOST_SHOWN));
  const work: Work = {parts, plan, union, contents: [], problems: []};
  addItems(work);
  const entries = union.entries();
  if (work.problems.length > 0) return err(work.problems);
  const triggers = [...usedTriggers(union, node.root), ...node.build.steps].map(atTop);
  const {isStraight, placed} = union;
  const bearers = bearersIn(union, asked);
  const {contents} = work;
  return ok({entries, contents, triggers, isStraight, placed: [...placed], asked, bearers});
}

function bearersIn(union: Union, asked: Iterable<BytePath>): ComposedRoot['bearers'] {
  const known = new Map([...union.shared].map((path) => [path, union.bearersOf(path)]));
  for (const path of asked) {
    const bearers = known.has(path) ? [] : union.bearersOf(path);
    if (bearers.length > 0) known.set(path, bearers);
  }
  return known;
}

/** Names are bytes, globs are text. */
function leftOut(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  const matches = globMatcher(globs);
  return (path) => matches(ASCII.test(path) ? path : Buffer.from(path, 'latin1').toString('utf8'));
}

const ASCII = /^[\0-\x7f]*$/;

function layAll(union: Union, {node, layers}: RootParts, root: LinkedRoot): readonly Diagnostic[] {
  const overrides = new Set(root.overrides);
  return layers.flatMap(({owner, entries}) => {
    const covers = (): boolean => overrides.has(owner);
    const found = union.lay({owner, entries, covers, givesWay: false});
    return found.map((one) => described(node, one));
  });
}

function described(node: BuildNode, {path, first, second, type}: UnionConflict): Diagnostic {
  const shown = `/${toText(path)}`;
  const message = {
    content: `${first} and ${second} have different ${shown}`,
    folder: `${shown} is a folder in one of ${first} and ${second}, and none in the other`,
    loop: `${shown} is a link of ${first} that leads in a circle, and a folder of ${second}`,
  }[type];
  const hint = `leave it out (exclude), or let ${second} win (overrides)`;
  return problem('root/conflict', message, {at: node.build.at, hint});
}

// --- what the recipe adds --------------------------------------------------------------------------

interface Work {
  readonly parts: RootParts;
  readonly plan: RootPlan;
  readonly union: Union;
  readonly contents: Buffer[];
  readonly problems: Diagnostic[];
}

const PASSWD = 'etc/passwd';
const GROUP = 'etc/group';

function addItems(work: Work): void {
  const {plan} = work;
  // Their texts say who the names are.
  const own = plan.items.filter((item) => [PASSWD, GROUP].includes(item.path));
  for (const item of own) add(work, item, NO_ACCOUNTS);
  const accounts = accountsOf(plan, textOf(work, PASSWD), textOf(work, GROUP));
  work.problems.push(...accounts.problems);
  if (plan.users.length > 0) addText(work, PASSWD, accounts.passwd);
  if (plan.groups.length > 0) addText(work, GROUP, accounts.group);
  for (const item of plan.items) if (!own.includes(item)) add(work, item, accounts);
}

const NO_ACCOUNTS: Pick<Accounts, 'ownerOf'> = accountsOf({users: [], groups: []}, '', '');

function textOf({union, parts, contents}: Work, path: string): string {
  const entry = union.at(path)?.entry;
  if (entry?.type !== 'file' || entry.size === 0) return '';
  const ours = contents.find((one) => sha256(one) === entry.digest);
  return (ours ?? parts.read(entry.digest)).toString('utf8');
}

/** The file of that name with another text; its mode and owner stay. */
function addText(work: Work, path: string, text: string): void {
  const there = work.union.at(path)?.entry;
  const place = there?.type === 'file' ? there : {mode: 0o644, uid: 0, gid: 0, xattrs: []};
  put(
    work,
    {...place, type: 'file', path, hardlink: undefined, ...contentOf(work, text)},
    undefined,
  );
}

function contentOf(work: Work, text: string): FileContent {
  const bytes = Buffer.from(text);
  if (bytes.length > 0) work.contents.push(bytes);
  return {digest: blobDigest(sha256(bytes)), size: bytes.length};
}

function add(work: Work, item: RootItem, accounts: Pick<Accounts, 'ownerOf'>): void {
  const owner = accounts.ownerOf(item.owner ?? '0:0');
  if (owner === undefined) {
    const message = `/${item.path} belongs to ${item.owner ?? ''}, whom this root does not have`;
    work.problems.push(problem('root/unknown-owner', message, {at: item.at}));
    return;
  }
  const path = fromText(item.path);
  const common = {path, ...owner, xattrs: []};
  if (item.type === 'dir') {
    put(work, {...common, type: 'dir', mode: item.mode ?? 0o755}, item);
  } else if (item.type === 'link') {
    put(work, {...common, type: 'link', mode: 0o777, target: fromText(item.target)}, item);
  } else {
    const content = 'text' in item ? contentOf(work, item.text) : sourceOf(work, item.source);
    put(
      work,
      {...common, type: 'file', mode: item.mode ?? 0o644, hardlink: undefined, ...content},
      item,
    );
  }
}

function sourceOf({parts}: Work, name: string): FileContent {
  const found = parts.files.get(name);
  if (found === undefined) throw new Bug(`no source ${name}`);
  return found;
}

/** Over what is there; the folders above it are made. */
function put(work: Work, entry: SolidEntry, item: RootItem | undefined): void {
  const clash = work.union.set(entry, work.parts.node.label);
  if (clash === undefined) return;
  const at = item?.at ?? work.parts.node.build.at;
  const there = work.union.at(clash);
  const [ours, theirs] = [WORDS[entry.type], WORDS[there?.entry.type ?? 'dir']];
  const message = `/${toText(entry.path)} is to be ${ours}, and ${there?.owner ?? ''} has ${theirs} at /${toText(clash)}`;
  work.problems.push(problem('root/conflict', message, {at}));
}

const WORDS: Readonly<Record<SolidEntry['type'], string>> = {
  ...{dir: 'a folder', file: 'a file', link: 'a link', fifo: 'a fifo'},
  ...{char: 'a device', block: 'a device'},
};

// --- triggers --------------------------------------------------------------------------------------

const PROGRAM_FOLDERS = ['usr/bin', 'usr/sbin', 'bin', 'sbin'];

/** Those whose program and one of whose folders are in the root. */
function usedTriggers(union: Union, {triggers}: LinkedRoot): readonly Step[] {
  const has = (path: string): boolean => union.at(path) !== undefined;
  return triggers
    .filter(({program}) => PROGRAM_FOLDERS.some((folder) => has(`${folder}/${program}`)))
    .filter(({folders}) => folders.some((one) => one === '' || union.folderAt(one) !== undefined))
    .map(({program, text}) => ({name: `generated-${program}`, text}));
}

/** Their paths count from the top of the root. */
function atTop({name, text}: Step): Step {
  return {name, text: `cd /\n${text}`};
}
