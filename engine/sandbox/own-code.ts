/**
 * Where the worker's code is: as root the worker is another user, who may not read ours, so what
 * it needs is copied into the store, once for each state of the code.
 */
import {randomBytes} from 'node:crypto';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {nodeProgram} from '../base/host.ts';
import type {Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {quickPrint} from '../base/quick-print.ts';
import {ok} from '../base/result.ts';
import type {Owner} from '../../store/layout.ts';
import {guard} from '../../store/trouble.ts';
import type {WorkerProgram} from './launch.ts';

/** The compiled project: this file is in dist/engine/sandbox, or in a file of dist/engine/program. */
const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = path.resolve(HERE, '../..');
/** The worker as we are: one of few files, which hold the packages, or of many. */
const isFew = path.basename(HERE) === 'program';
const {FOLDERS, SCRIPT, PACKAGES} = isFew
  ? {FOLDERS: ['engine/worker'], SCRIPT: 'engine/worker/worker.js', PACKAGES: []}
  : {
      FOLDERS: ['engine/base', 'engine/sandbox', 'store'],
      SCRIPT: 'engine/sandbox/worker.js',
      PACKAGES: ['xxhash-wasm', 'picomatch'],
    };

/** The program for a worker; `owner` is set when it will run as another user than we do. */
export function workerProgram(storeRoot: string, owner: Owner | undefined): Checked<WorkerProgram> {
  if (owner === undefined) {
    const script = path.join(DIST, SCRIPT);
    return ok({node: nodeProgram(), nodeFd: undefined, script, close: () => undefined});
  }
  return guard(storeRoot, () => {
    const code = copyCode(storeRoot, owner);
    const node = nodeFor(code.folder, owner);
    // By descriptor: the folders on the way to our Node may be closed to the worker.
    const nodeFd = files.openRead(node);
    const close = (): void => files.closeFile(nodeFd);
    return {node: undefined, nodeFd, script: path.join(code.name, 'dist', SCRIPT), close};
  });
}

/** Whether the store is there, with all that would have to be copied for it first. */
export function isThere(storeRoot: string, owner: Owner | undefined): boolean {
  if (owner === undefined) return files.exists(storeRoot);
  const folder = path.join(storeRoot, 'engine', ownPrint());
  return files.exists(folder) && nodeThere(folder) !== undefined;
}

interface CopiedCode {
  /** Relative to the store. */
  readonly name: string;
  readonly folder: string;
}

interface CodeFile {
  /** Relative to the copy. */
  readonly name: string;
  bytes(): Buffer;
}

/** `engine/<print>` of the store; the print is over names and bytes of all files. */
function copyCode(storeRoot: string, owner: Owner): CopiedCode {
  const name = path.join('engine', ownPrint());
  const folder = path.join(storeRoot, name);
  if (!files.exists(folder)) writeCode(ownCode(), folder, owner);
  return {name, folder};
}

/** As the build has written it down; of many files it is made here. */
function ownPrint(): string {
  const written = path.join(DIST, 'engine/worker/print');
  const known = isFew ? files.unless(['ENOENT'], () => files.readText(written)) : undefined;
  return known ?? printOf(ownCode());
}

function ownCode(): readonly CodeFile[] {
  const code = [...projectFiles(), ...PACKAGES.flatMap(packageFiles)];
  const bytes = (): Buffer => Buffer.from('{"type": "module"}\n');
  return [...code, {name: 'package.json', bytes}];
}

function printOf(code: readonly CodeFile[]): string {
  return quickPrint(code.map((one) => `${one.name}\n${one.bytes().toString('latin1')}`).join('\0'));
}

/** The name of our own copy in `engine/`; none is used where the worker runs as we do. */
export function codeName(owner: Owner | undefined): string | undefined {
  return owner === undefined ? undefined : ownPrint();
}

/** Written beside its place and renamed: a second run may be doing the same. */
function writeCode(code: readonly CodeFile[], folder: string, owner: Owner): void {
  const temporary = `${folder}.tmp-${randomBytes(6).toString('hex')}`;
  files.removeTree(temporary);
  const made = new Set<string>();
  const give = (at: string): void => files.chown(at, owner.uid, owner.gid);
  for (const {name, bytes} of code) {
    const file = path.join(temporary, name);
    makeFolders(path.dirname(file), path.dirname(folder), made, give);
    const fd = files.createFile(file, 0o644);
    files.writeAll(fd, bytes());
    files.closeFile(fd);
    files.chmod(file, 0o644);
    give(file);
  }
  const lost = files.unless(['ENOTEMPTY', 'EEXIST'], () => {
    files.rename(temporary, folder);
    return true;
  });
  if (lost === undefined) files.removeTree(temporary);
}

function makeFolders(
  folder: string,
  top: string,
  made: Set<string>,
  give: (at: string) => void,
): void {
  if (made.has(folder)) return;
  if (folder !== top) makeFolders(path.dirname(folder), top, made, give);
  made.add(folder);
  if (files.exists(folder)) return;
  files.makeDir(folder, 0o755);
  files.chmod(folder, 0o755);
  give(folder);
}

function projectFiles(): CodeFile[] {
  return FOLDERS.flatMap((folder) => codeIn(path.join(DIST, folder), `dist/${folder}`));
}

/** A package as Node would find it from here. */
function packageFiles(name: string): CodeFile[] {
  const entry = createRequire(import.meta.url).resolve(name);
  const top = entry.slice(0, entry.lastIndexOf(`/node_modules/${name}/`));
  return codeIn(`${top}/node_modules/${name}`, `node_modules/${name}`);
}

function codeIn(folder: string, name: string): CodeFile[] {
  return files.namesIn(folder).flatMap((one) => {
    const [at, as] = [path.join(folder, one), `${name}/${one}`];
    const stat = files.lookAt(at);
    if (stat?.isDirectory() === true) return one === 'node_modules' ? [] : codeIn(at, as);
    const wanted = stat?.isFile() === true && /\.(c?m?js|json|bin)$/.test(one);
    return wanted ? [{name: as, bytes: () => files.readFile(at)}] : [];
  });
}

/** Our Node where others may run it, else a copy of it in the store; undefined where that is to be made. */
function nodeThere(folder: string): string | undefined {
  const node = nodeProgram();
  const stat = files.lookAt(node);
  if (stat === undefined || (stat.mode & 0o005) === 0o005) return node;
  const copy = copyOfNode(folder);
  return files.lookAt(copy)?.size === stat.size ? copy : undefined;
}

function copyOfNode(folder: string): string {
  return `${folder}.node`;
}

function nodeFor(folder: string, owner: Owner): string {
  const there = nodeThere(folder);
  if (there !== undefined) return there;
  const [node, copy] = [nodeProgram(), copyOfNode(folder)];
  files.removeTree(copy);
  files.copyFile(node, copy);
  files.chmod(copy, 0o755);
  files.chown(copy, owner.uid, owner.gid);
  return copy;
}
