/** What is installed: no scripts run, no server is named, versions are those of package.json. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {ROOT} from './sources.ts';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const read = (name: string): unknown => JSON.parse(fs.readFileSync(path.join(ROOT, name), 'utf8'));
const lock = read('package-lock.json') as {readonly packages: Readonly<Record<string, Locked>>};
const packages = Object.entries(lock.packages).filter(([name]) => name !== '');

test('no package runs a script when it is installed', (t) => {
  const scripted = packages.filter(([, one]) => one.hasInstallScript === true);
  t.deepEqual(
    scripted.map(([name]) => name),
    [],
  );
  t.regex(fs.readFileSync(path.join(ROOT, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m);
});

test('no server is named', (t) => {
  t.deepEqual(
    packages.filter(([, one]) => one.resolved !== undefined).map(([name]) => name),
    [],
  );
  t.false(JSON.stringify(lock).includes('://registry'));
});

test('every package has a checksum', (t) => {
  const bare = packages.filter(([, one]) => one.integrity === undefined && one.link !== true);
  t.deepEqual(
    bare.map(([name]) => name),
    [],
  );
});

test('the lock belongs to this package.json', (t) => {
  const own = read('package.json') as Locked;
  t.deepEqual(lock.packages['']?.dependencies, own.dependencies);
  t.deepEqual(lock.packages['']?.devDependencies, own.devDependencies);
});
