/**
 * Whole systems as commands that are ended anywhere: switching to one, making a staged one current,
 * going back. Whatever is current is complete, with the /etc that belongs to it.
 */
import fs from 'node:fs';
import path from 'node:path';
import {stringify} from 'yaml';
import type {Phase} from './crash-phase.ts';
import type {Space} from './space.ts';
import {namesBelow} from './store-check.ts';

/** Systems have nothing to be built: what is looked at is how they become current. */
function become(space: Space, text: string): void {
  const root = {
    layers: ['e'],
    files: {
      '/etc/mine': {text},
      '/etc/theirs': {text},
      '/var/lib/one': {text: 'one'},
      [`/var/lib/${text}`]: {text},
    },
  };
  space.write(
    'recipes/t/sys.yaml',
    stringify({package: 'sys', version: '1', summary: 'A system', root}),
  );
}

/** Generation 1 is current; something was changed in its /etc. */
async function prepare(space: Space): Promise<void> {
  become(space, 'old');
  await space.expect(0, ['root', 'switch', 'sys', 'sys']);
  fs.writeFileSync(space.at('roots/sys/1/etc/mine'), 'mine');
  become(space, 'new');
  await space.expect(0, ['build', 'sys']);
}

const OWN = {mine: 'mine', theirs: 'old'};
const MERGED = {mine: 'mine', theirs: 'new'};
const DEFAULT = {mine: 'new', theirs: 'new'};

function textsOf(folder: string): Record<string, string> {
  const names = fs.existsSync(folder) ? namesBelow(folder) : [];
  return Object.fromEntries(
    names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]),
  );
}

/** What `current` leads to is there, with all its files. */
function troubles(space: Space): string[] {
  const folder = space.at('roots/sys');
  const current = fs.readlinkSync(path.join(folder, 'current'));
  const numbers = fs.readdirSync(folder).filter((name) => /^\d+$/.test(name));
  const found = numbers.includes(current) ? [] : [`current leads to ${current}`];
  const whole = partsOf(path.join(folder, '1')).rest;
  if (!whole.includes('usr/share/e')) found.push(`generation 1 has ${whole}`);
  for (const number of numbers) {
    const {etc, rest} = partsOf(path.join(folder, number));
    if (rest !== whole) found.push(`generation ${number} has ${rest}`);
    const allowed = number === '1' ? [OWN] : current === '2' ? [MERGED] : [MERGED, DEFAULT, {}];
    if (!allowed.some((one) => JSON.stringify(one) === etc)) {
      found.push(`/etc of generation ${number}, of which ${current} is current: ${etc}`);
    }
    if (!fs.existsSync(space.at(`.recipes/roots/generations/sys/${number}`))) {
      found.push(`generation ${number} has no root`);
    }
  }
  // What is in /var stays, and what is new there is whole.
  const shared = textsOf(path.join(folder, 'var'));
  const wrong = Object.entries(shared).filter(([name, text]) => path.basename(name) !== text);
  if (shared['lib/one'] !== 'one') found.push('/var has lost a file');
  found.push(...wrong.map(([name]) => `/var/${name} is not whole`));
  return found;
}

function partsOf(folder: string): {readonly etc: string; readonly rest: string} {
  const etc = textsOf(path.join(folder, 'etc'));
  const sorted = Object.fromEntries(Object.entries(etc).sort());
  const rest = namesBelow(folder).filter((name) => !name.startsWith('etc/'));
  return {etc: JSON.stringify(sorted), rest: rest.join(' ')};
}

function outcome(space: Space): Promise<string> {
  const folder = space.at('roots/sys');
  const parts = ['1', '2'].map((number) => partsOf(path.join(folder, number)));
  const shared = textsOf(path.join(folder, 'var'));
  const names = fs.readdirSync(folder).sort();
  const current = fs.readlinkSync(path.join(folder, 'current'));
  return Promise.resolve(JSON.stringify({parts, shared, names, current}));
}

const toSystem: Phase = {
  name: 'system',
  command: ['root', 'switch', 'sys', 'sys', '--json'],
  prepare,
  outcome,
  troubles,
};

const activate: Phase = {
  name: 'activate',
  command: ['root', 'activate', 'sys', '2', '--json'],
  prepare: async (space) => {
    await prepare(space);
    await space.expect(0, ['root', 'switch', 'sys', 'sys', '--stage']);
  },
  outcome,
  troubles,
};

const rollback: Phase = {
  name: 'rollback',
  command: ['root', 'rollback', 'sys', '1', '--json'],
  prepare: async (space) => {
    await prepare(space);
    await space.expect(0, ['root', 'switch', 'sys', 'sys']);
  },
  outcome,
  // Generation 2 was current and has what was merged.
  troubles: (space) => {
    const {etc} = partsOf(space.at('roots/sys/2'));
    return [...troubles(space), ...(etc === JSON.stringify(MERGED) ? [] : [`/etc of 2: ${etc}`])];
  },
};

export const SYSTEM_PHASES: readonly Phase[] = [toSystem, activate, rollback];
