/**
 * The version of the Debian package a file belongs to, for prints people can read. Empty on
 * machines without dpkg. Reads the package database when first asked, or ahead.
 */
import {ended, runSync, start} from '../base/process.ts';

/** File → package, and package → version. */
interface Installed {
  readonly owners: ReadonlyMap<string, string>;
  readonly versions: ReadonlyMap<string, string>;
}

let installed: Installed | undefined;

/** `12.2.0-14`; empty where no package has the file. */
export function versionOf(file: string): string {
  installed ??= readInstalled();
  // Packages from before the merge of /usr list their files without it.
  const owner =
    installed.owners.get(file) ?? installed.owners.get(file.replace(/^\/usr(?=\/)/, ''));
  return owner === undefined ? '' : (installed.versions.get(owner) ?? '');
}

const PATTERNS = ['/usr/bin/*', '/bin/*', '/usr/sbin/*', '/sbin/*'];
const SEARCH = ['dpkg-query', '--search', ...PATTERNS];
const SHOW = ['dpkg-query', '--show', '--showformat=${Package} ${Version}\\n'];

function readInstalled(): Installed {
  return parse(runSync(SEARCH).stdout, runSync(SHOW).stdout);
}

/** The database while it is read. */
export interface Reading {
  /** Resolves when all of it is known. */
  readonly done: Promise<void>;
  /** Ends it where it is not done; resolves when nothing of it runs any more. */
  end(): Promise<void>;
}

/** Reads the database while other work goes on: it takes as long as reading some hundred recipes. */
export function readAhead(): Reading {
  const children = [SEARCH, SHOW].map((argv) => start(argv, {stdio: ['ignore', 'pipe', 'ignore']}));
  const done = Promise.all(children.map(ended)).then(([searched, shown]) => {
    if (searched?.signal !== null || shown?.signal !== null) return;
    installed ??= parse(searched.stdout, shown.stdout);
  });
  const end = (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    return done;
  };
  return {done, end};
}

function parse(searched: string, shown: string): Installed {
  return {owners: parseOwners(searched), versions: parseVersions(shown)};
}

/** Lines `package[:arch][, package…]: path`; diversions are left out. */
export function parseOwners(text: string): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^([a-z0-9][^ ,:]*)[^/]*: (\/.*)$/.exec(line);
    if (found?.[1] !== undefined && found[2] !== undefined) owners.set(found[2], found[1]);
  }
  return owners;
}

function parseVersions(text: string): ReadonlyMap<string, string> {
  const rows = text.split('\n').map((line) => line.split(' '));
  return new Map(rows.map(([name = '', version = '']) => [name, version]));
}
