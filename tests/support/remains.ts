/**
 * What a command has left: processes and mounts that still have to do with a project, files in a
 * store that belong to work under way, and a print of all a store holds.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type {Space} from './space.ts';

/**
 * Processes of a project, or of one run of it by its scratch folder: by their words, their
 * folder, or a mount of theirs.
 */
export function processesOf(
  space: Space,
  name: string = path.basename(space.root),
): {pid: number; command: string}[] {
  return fs
    .readdirSync('/proc')
    .filter((one) => /^\d+$/.test(one) && Number(one) !== process.pid)
    .flatMap((one) => {
      const command = read(`/proc/${one}/cmdline`).replaceAll('\0', ' ');
      const all = [command, link(`/proc/${one}/cwd`), read(`/proc/${one}/mountinfo`)];
      const zombie = / [ZX] /.test(read(`/proc/${one}/stat`).replace(/^.*\)/, ')'));
      return all.some((text) => text.includes(name)) && !zombie
        ? [{pid: Number(one), command: command.trim()}]
        : [];
    });
}

/** The processes whose command has these words, of this project. */
export function processesLike(space: Space, words: RegExp): number[] {
  return processesOf(space)
    .filter((one) => words.test(one.command))
    .map((one) => one.pid);
}

/** All that should not be there when nothing runs; empty when all is clean. */
export function remains(space: Space): string[] {
  const mounts = read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(path.basename(space.root)));
  const places = ['scratch', 'tmp', 'runs', 'claims', 'kept'];
  const files = places.flatMap((place) => {
    const folder = space.at(`.recipes/${place}`);
    const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    return names.map((one) => `${place}/${one}`);
  });
  const processes = processesOf(space).map((one) => `${String(one.pid)} ${one.command}`);
  return [...mounts, ...files, ...processes];
}

/** The names of the runs that have scratch folders. */
export function runsOf(space: Space): string[] {
  const folder = space.at('.recipes/scratch');
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

/** A print of every file of the store: name, type, mode, content. */
export function storePrint(space: Space, folder = '.recipes'): string {
  const hash = createHash('sha256');
  const root = space.at(folder);
  if (!fs.existsSync(root)) return 'no store';
  const names = fs.readdirSync(root, {recursive: true, encoding: 'utf8'}).sort();
  for (const name of names) {
    const at = path.join(root, name);
    const facts = fs.lstatSync(at);
    hash.update(`${name}\0${String(facts.mode)}\0`);
    if (facts.isFile()) hash.update(fs.readFileSync(at));
  }
  return hash.digest('hex');
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function link(file: string): string {
  try {
    return fs.readlinkSync(file);
  } catch {
    return '';
  }
}
