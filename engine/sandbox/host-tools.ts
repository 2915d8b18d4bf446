/**
 * The host's programs that builds declare: where each is, and a print of what it is. For a
 * compiler that includes the programs and files it works with. Every print is remembered by what
 * stat(2) says of the file, so that looking again costs no reading.
 */
import {problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {runSync} from '../base/process.ts';
import {err, ok} from '../base/result.ts';
import {findVersion} from '../base/version.ts';
import {hashFile} from '../../store/inspect.ts';
import type {StatCache} from '../../store/stat-cache.ts';
import {versionOf} from './debian-version.ts';
import {installHint} from './packages.ts';

export interface Fingerprint {
  /** Name → path on the host, with what a tool cannot work without (`as`, `ld` of `cc`). */
  readonly tools: Readonly<Record<string, string>>;
  /** `cc` → `12.2.0-14 sha256…`; companions as `cc.cc1`. */
  readonly fingerprint: Readonly<Record<string, string>>;
}

/** Remembers prints of files; see store/stat-cache.ts. */
export type PrintCache = Pick<StatCache, 'get' | 'set'>;

/** Fixed, not the caller's PATH: a build must not depend on who starts it. All of it is in /usr. */
const SEARCH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];
const VISIBLE = ['/usr/', '/bin/', '/sbin/', '/lib'];

/** Every missing tool is a `machine/missing-tool`. */
export function fingerprint(
  tools: readonly string[],
  host: Host,
  cache: PrintCache,
): Checked<Fingerprint> {
  const found: Record<string, string> = {};
  const prints: Record<string, string> = {};
  const problems: Diagnostic[] = [];
  for (const name of tools) {
    const place = findTool(name);
    if (place === undefined) {
      problems.push(missing(name));
      continue;
    }
    found[name] = place;
    prints[name] = `${version(place, host, cache)} ${printOf(place, host, cache)}`.trim();
    if (!COMPILERS.has(name)) continue;
    for (const [other, at] of companions(place, host, cache)) {
      prints[`${name}.${other}`] = printOf(at, host, cache);
      if (PROGRAMS_IN_PATH.has(other)) found[other] ??= at;
    }
  }
  return problems.length > 0 ? err(problems) : ok({tools: found, fingerprint: prints});
}

/**
 * Every path that decides what some tools are: where each is looked for, down to where it is, and
 * what compilers work with.
 */
export function toolPlaces(
  names: Iterable<string>,
  host: Host,
  cache: PrintCache,
): readonly string[] {
  return [...names].flatMap((name) => {
    const found = findTool(name);
    const all = SEARCH.map((folder) => `${folder}/${name}`);
    const looked = found === undefined ? all : all.slice(0, all.indexOf(found) + 1);
    const others = found !== undefined && COMPILERS.has(name) ? companions(found, host, cache) : [];
    return [...looked, ...others.map(([, place]) => place)];
  });
}

function missing(name: string): Diagnostic {
  const where = SEARCH.slice(0, 2).join(', ');
  return problem('machine/missing-tool', `the program ${name} is not installed (in ${where}, …)`, {
    hint: installHint([name]),
  });
}

/** The first program of a name that a sandbox can see. */
export function findTool(name: string): string | undefined {
  if (name.includes('/')) return undefined;
  return SEARCH.map((folder) => `${folder}/${name}`).find((place) => {
    const real = files.unless(['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'], () =>
      files.realPath(place),
    );
    if (real === undefined || !VISIBLE.some((top) => real.startsWith(top))) return false;
    const stat = files.lookAt(real);
    return stat?.isFile() === true && (stat.mode & 0o111) !== 0;
  });
}

// --- prints --------------------------------------------------------------------------------------

/** sha256 of the file a path leads to. */
function printOf(place: string, host: Host, cache: PrintCache): string {
  return remembered('', place, host, cache, hashFile);
}

function version(place: string, host: Host, cache: PrintCache): string {
  return remembered('version of ', place, host, cache, versionOf);
}

/** What a program says is its version; undefined where it says none. */
export function toolVersion(place: string, host: Host, cache: PrintCache): string | undefined {
  const said = remembered('what says ', place, host, cache, askVersion);
  return said === '' ? undefined : said;
}

function askVersion(program: string): string {
  // Some programs do not know the option and wait for input, or begin to work.
  const {stdout, stderr} = runSync(['timeout', '5', program, '--version']);
  return findVersion(stdout) ?? findVersion(stderr) ?? '';
}

/** A text about a file that holds as long as the file is as it is. `what` tells texts apart. */
function remembered(
  what: string,
  place: string,
  host: Host,
  cache: PrintCache,
  find: (real: string) => string,
): string {
  const real = files.realPath(place);
  const now = host.now();
  const stat = files.lookExactly(real);
  const known = stat === undefined ? undefined : cache.get(`${what}${real}`, stat);
  if (known !== undefined) return known;
  const text = find(real);
  if (stat !== undefined) cache.set(`${what}${real}`, stat, text, now);
  return text;
}

// --- compilers -----------------------------------------------------------------------------------

const COMPILERS = new Set(['cc', 'gcc', 'c++', 'g++', 'cpp', 'clang', 'clang++']);
const COMPANION_PROGRAMS = ['cc1', 'cc1plus', 'collect2', 'as', 'ld'];
const COMPANION_FILES = ['libc.so.6', 'crt1.o'];
/** What a compiler looks for in PATH, so that it must be in /tools as well. */
const PROGRAMS_IN_PATH = new Set(['as', 'ld']);

/** What a compiler works with: name and path. Asked of the compiler once for each state of it. */
function companions(
  compiler: string,
  host: Host,
  cache: PrintCache,
): readonly (readonly [string, string])[] {
  const ask = (): string => JSON.stringify(askCompanions(compiler));
  const known = JSON.parse(remembered('companions of ', compiler, host, cache, ask)) as [
    string,
    string,
  ][];
  const there = known.every(([, place]) => files.exists(place));
  return there ? known : askCompanions(compiler);
}

function askCompanions(compiler: string): readonly (readonly [string, string])[] {
  const programs = COMPANION_PROGRAMS.map((name) => [name, 'prog', name] as const);
  const others = COMPANION_FILES.map((name) => [name, 'file', name] as const);
  return [...programs, ...others].flatMap(([name, kind]) => {
    const said = runSync([compiler, `-print-${kind}-name=${name}`]).stdout.trim();
    const place = said.startsWith('/') ? said : findTool(said);
    return place !== undefined && files.exists(place) ? [[name, place] as const] : [];
  });
}
