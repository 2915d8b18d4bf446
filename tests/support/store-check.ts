/**
 * Looks at every file of a store that has a final name, by its own means: what is there must be
 * what its name says, and must lead to things that are there. Changes nothing, trusts no cache.
 * For tests that end processes, or cut the power, and then look.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {parseManifest} from '../../store/manifest.ts';
import {readLog} from '../../store/quick-log.ts';
import type {ActionRecord} from '../../store/records.ts';
import type {Root} from '../../store/roots.ts';
import {decodeSealed} from '../../store/sealed.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';

/** Everything that is wrong; empty for a store that is sound, and where there is none yet. */
export function troublesOf(store: string): string[] {
  if (!fs.existsSync(path.join(store, 'VERSION'))) return [];
  const version = fs.readFileSync(path.join(store, 'VERSION'), 'utf8');
  if (version !== 'recipes store 1\n') return [`VERSION says ${JSON.stringify(version)}`];
  return [
    ...objectsOf(store, 'files').flatMap((name) => blobTrouble(store, name)),
    ...objectsOf(store, 'trees').flatMap((name) => treeTroubles(store, name)),
    ...objectsOf(store, 'records').flatMap((name) => recordTroubles(store, name)),
    ...namesBelow(path.join(store, 'roots')).flatMap((name) => rootTroubles(store, name)),
  ];
}

/** The names of all objects of a kind, as `ab/…`, sorted. */
export function objectsOf(store: string, kind: 'files' | 'trees' | 'records'): string[] {
  return namesBelow(path.join(store, kind));
}

/** All but folders below a folder, by their path from there, sorted. */
export function namesBelow(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

export function sha256Of(file: string): string {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

function blobTrouble(store: string, name: string): string[] {
  const [, head, rest, mode] = /^(..)\/(.{62})\.([0-7]{3})$/.exec(name) ?? [];
  if (head === undefined || rest === undefined) return [`files/${name} is no name of a blob`];
  const at = path.join(store, 'files', name);
  const facts = fs.lstatSync(at);
  if (!facts.isFile()) return [`files/${name} is no file`];
  if (sha256Of(at) !== head + rest) return [`files/${name} has another content`];
  const looks = `${(facts.mode & 0o7777).toString(8).padStart(3, '0')} ${String(facts.mtimeMs)}`;
  return looks === `${mode ?? ''} 1000` ? [] : [`files/${name} has mode and time ${looks}`];
}

function treeTroubles(store: string, name: string): string[] {
  const at = path.join(store, 'trees', name);
  if (sha256Of(at) !== name.replace('/', '')) return [`trees/${name} has another content`];
  const entries = parseManifest(fs.readFileSync(at, 'latin1'));
  if (!entries.ok) return [`trees/${name}: ${entries.error}`];
  return entries.value.flatMap((entry) => entryTrouble(store, name, entry));
}

function entryTrouble(store: string, tree: string, entry: TreeEntry): string[] {
  if (entry.type !== 'file') return [];
  const bits = (entry.mode & 0o777).toString(8).padStart(3, '0');
  const blob = `files/${entry.digest.slice(0, 2)}/${entry.digest.slice(2)}.${bits}`;
  const facts = fs.lstatSync(path.join(store, blob), {throwIfNoEntry: false});
  if (facts?.size === entry.size) return [];
  return [`trees/${tree} names ${entry.path}: ${facts === undefined ? 'no' : 'another'} ${blob}`];
}

function recordTroubles(store: string, name: string): string[] {
  const read = decodeSealed(fs.readFileSync(path.join(store, 'records', name), 'utf8'));
  if (read === undefined) return [`records/${name} is damaged`];
  const record = read as ActionRecord;
  if (record.key !== name.replace('/', '')) return [`records/${name} is of ${record.key}`];
  const {tree} = record;
  return tree === undefined || isThere(store, 'trees', tree) ? [] : [`records/${name}: no ${tree}`];
}

function rootTroubles(store: string, name: string): string[] {
  const read = decodeSealed(fs.readFileSync(path.join(store, 'roots', name), 'utf8'));
  if (read === undefined) return [`roots/${name} is damaged`];
  const root = read as Root;
  const all = root.kind === 'project' ? root.builds.map((one) => one.held) : [root.held];
  const keys = all.flatMap((held) => held.keys).filter((key) => !isThere(store, 'records', key));
  const trees = all.flatMap((held) => held.trees).filter((one) => !isThere(store, 'trees', one));
  return [...keys, ...trees].map((digest) => `roots/${name} holds ${digest}, which is not there`);
}

/** Rows of the log whose record is not there: it is written first, but gc removes records alone. */
export function rowTroubles(store: string): string[] {
  return readLog(path.join(store, 'actions.log')).flatMap((text) => {
    const {label, key} = JSON.parse(text) as {label: string; key: string};
    if (isThere(store, 'records', key)) return [];
    return [`actions.log: ${label} came to ${key}, which is not there`];
  });
}

function isThere(store: string, kind: string, digest: string): boolean {
  return fs.existsSync(path.join(store, kind, digest.slice(0, 2), digest.slice(2)));
}
