/**
 * Loads the files that `npm run build` has made of the program (.ci/bundle.mjs).
 * They are in rollup's `system` format, and beside them lies what V8 has compiled of them before:
 * compiling takes longer than most of what they do, and Node gives V8's code cache to scripts only,
 * not to modules. A cache of another V8 is refused by V8 itself, and costs what it would have spared;
 * V8 would believe a damaged one, or one of another text of the same length, so a digest vouches for both.
 *
 * The format: https://github.com/systemjs/systemjs/blob/main/docs/system-register.md
 * Knows nothing of what is in the files. A script, not a module: Node starts it 3 ms sooner.
 */
const crypto = require('node:crypto') as typeof import('node:crypto');
const fs = require('node:fs') as typeof import('node:fs');
const path = require('node:path') as typeof import('node:path');
const url = require('node:url') as typeof import('node:url');
const vm = require('node:vm') as typeof import('node:vm');

type Names = Record<string, unknown>;
type Setter = (names: Names) => void;

/** What a file says of itself when it is run. */
interface Declaration {
  readonly setters: readonly Setter[];
  readonly execute: () => Promise<void> | undefined;
}

interface Context {
  import(name: string): Promise<Names>;
  readonly meta: {readonly url: string};
}

type Declare = (
  exporting: (name: string | Names, value?: unknown) => unknown,
  context: Context,
) => Declaration;

interface Linked {
  readonly names: Names;
  /** Of those that import it: each is told of all it exports. */
  readonly setters: Setter[];
  readonly needs: readonly Linked[];
  readonly execute: Declaration['execute'];
  done: Promise<void> | undefined;
}

/** What has been compiled, by its file. */
const scripts = new Map<string, import('node:vm').Script>();
const linked = new Map<string, Promise<Linked>>();

/** Runs a file after all that it imports, each once; gives what it exports. Files import each other in no circle. */
async function load(file: string): Promise<Names> {
  const one = await linkOnce(file);
  await executeOnce(one);
  return one.names;
}

function linkOnce(file: string): Promise<Linked> {
  const known = linked.get(file);
  if (known !== undefined) return known;
  const linking = link(file);
  linked.set(file, linking);
  return linking;
}

async function link(file: string): Promise<Linked> {
  const {imports, declare} = registeredBy(compile(file));
  const names: Names = {};
  const setters: Setter[] = [];
  const declared = declare((name, value) => {
    if (typeof name === 'string') names[name] = value;
    else Object.assign(names, name);
    for (const tell of setters) tell(names);
    return value;
  }, contextOf(file));
  const needs: Linked[] = [];
  for (const [at, name] of imports.entries()) {
    const tell = declared.setters[at] ?? nobody;
    if (isBundled(name)) {
      const need = await linkOnce(beside(file, name));
      needs.push(need);
      need.setters.push(tell);
      tell(need.names);
    } else tell(await foreign(name));
  }
  return {names, setters, needs, execute: () => declared.execute(), done: undefined};
}

/** The bundle is in ASCII, and so needs no decoding. */
function compile(file: string): import('node:vm').Script {
  const bytes = fs.readFileSync(file);
  const source = `(function (System) {${bytes.toString('latin1')}\n})`;
  const cachedData = cacheOf(file, bytes);
  const script = new vm.Script(source, {filename: file, ...(cachedData && {cachedData})});
  scripts.set(file, script);
  return script;
}

/** Before a cache: the sha256 of the source with the cache behind it. */
const DIGEST = 32;

function cacheOf(file: string, source: Buffer): Buffer | undefined {
  const place = `${file}.bin`;
  const bytes = fs.existsSync(place) ? fs.readFileSync(place) : Buffer.alloc(0);
  const cache = bytes.subarray(DIGEST);
  return digestOf(source, cache).equals(bytes.subarray(0, DIGEST)) ? cache : undefined;
}

function digestOf(source: Buffer, cache: Buffer): Buffer {
  return crypto.createHash('sha256').update(source).update(cache).digest();
}

/** Writes what V8 has compiled by now of all files of at least so many bytes beside them. */
function keep(least: number): void {
  for (const [file, script] of scripts) {
    const source = fs.readFileSync(file);
    const cache = script.createCachedData();
    if (source.length < least) continue;
    fs.writeFileSync(`${file}.bin`, Buffer.concat([digestOf(source, cache), cache]));
  }
}

interface Registered {
  readonly imports: readonly string[];
  readonly declare: Declare;
}

function registeredBy(script: import('node:vm').Script): Registered {
  let registered: Registered = {imports: [], declare: () => ({setters: [], execute: nothing})};
  const register = (imports: readonly string[], declare: Declare): void => {
    registered = {imports, declare};
  };
  (script.runInThisContext() as (system: object) => void)({register});
  return registered;
}

function executeOnce(one: Linked): Promise<void> {
  one.done ??= execute(one);
  return one.done;
}

async function execute({needs, execute}: Linked): Promise<void> {
  for (const need of needs) await executeOnce(need);
  await execute();
}

function contextOf(file: string): Context {
  return {
    import: (name) => (isBundled(name) ? load(beside(file, name)) : foreign(name)),
    meta: {url: url.pathToFileURL(file).href},
  };
}

function isBundled(name: string): boolean {
  return name.startsWith('./');
}

function beside(file: string, name: string): string {
  return path.join(path.dirname(file), name);
}

/** Node's own, or a package. */
async function foreign(name: string): Promise<Names> {
  if (!name.startsWith('node:')) return (await import(name)) as Names;
  const own = require(name) as Names;
  return {__proto__: own, default: own};
}

function nobody(): void {
  // Nothing of it is wanted.
}

function nothing(): undefined {
  return undefined;
}

module.exports = {load, keep, scripts};
