/**
 * A project in a temporary folder for tests of the loader: write files, load, see what it says.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {Diagnostic} from '../../../engine/base/diagnostic.ts';
import {removeTree} from '../../../engine/base/files.ts';
import {realHost, type Host} from '../../../engine/base/host.ts';
import type {Flags, LoadRequest} from '../../../engine/load/config.ts';
import {loadProject, type LoadedProject} from '../../../engine/load/project.ts';
import {Bug} from '../../../engine/base/result.ts';
import type {Build, Recipe} from '../../../engine/load/model.ts';
import {formatDiagnostics} from '../../../engine/ui/diagnostics.ts';

export interface Changes {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Partial<Flags>;
  readonly cwd?: string;
}

/** The kinds that most tests use. */
const KINDS: Readonly<Record<string, string>> = {
  'recipes/kinds/script.yaml': 'kind: script\nsummary: Steps of the recipe\nsteps: any\n',
  'recipes/kinds/make.yaml': `kind: make
summary: A Makefile
with:
  flags: {type: list, default: ["V=1"], summary: Arguments of make}
  folder: {type: text, default: "src-\${version}", summary: Where the Makefile is}
  quiet: {type: bool, default: true, summary: Say little}
shell: [errexit]
tools: [make, cc]
host: {env: {CPPFLAGS: -I/sysroot/usr/include, CFLAGS: -O2}}
root: {env: {CFLAGS: -O1}}
steps: {prepare: '', compile: make, install: make install}
test: {steps: {check: make check}}
`,
};

export class Space implements Disposable {
  readonly root: string = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-load-'));

  /** A project with the usual kinds, a configuration, and these files. */
  static with(files: Readonly<Record<string, string>> = {}): Space {
    const space = new Space();
    const config = 'aliases: {gnu: https://gnu.example/}\n';
    space.write({'recipes.config.yaml': config, ...KINDS, ...files});
    return space;
  }

  write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.root, name);
      fs.mkdirSync(path.dirname(file), {recursive: true});
      fs.writeFileSync(file, content);
    }
  }

  request({env = {}, flags = {}, cwd = this.root}: Changes = {}): LoadRequest {
    const home = path.join(this.root, 'home');
    const host: Host = {...realHost(), env: {HOME: home, ...env}, cwd, cores: 3, arch: 'x86_64'};
    const systemFile = path.join(this.root, 'etc', 'config.yaml');
    return {cwd, host, flags: {options: {}, ...flags}, systemFile};
  }

  /** The project, which must be without mistakes. */
  load(changes: Changes = {}): LoadedProject {
    const loaded = loadProject(this.request(changes));
    if (!loaded.ok) throw new Bug(this.text(loaded.error));
    return loaded.value;
  }

  recipe(name: string, changes: Changes = {}): Recipe {
    const found = this.load(changes).project.recipes.find((one) => one.package === name);
    if (found === undefined) throw new Bug(`no recipe ${name}`);
    return found;
  }

  build(name: string, build: string = 'main', changes: Changes = {}): Build {
    const found = this.recipe(name, changes).builds.find((one) => one.parts.build === build);
    if (found === undefined) throw new Bug(`no build ${name}:${build}`);
    return found;
  }

  /** The mistakes, of which there must be some. */
  problems(changes: Changes = {}): readonly Diagnostic[] {
    const loaded = loadProject(this.request(changes));
    return loaded.ok ? [] : loaded.error;
  }

  /** Each mistake on one line: `file:line:column code message (hint)`. */
  lines(changes: Changes = {}): string[] {
    return this.problems(changes).map(oneLine);
  }

  /** As people see them. */
  text(list: readonly Diagnostic[]): string {
    const readText = (file: string): string =>
      fs.readFileSync(path.resolve(this.root, file), 'utf8');
    return formatDiagnostics(list, {color: false, readText});
  }

  [Symbol.dispose](): void {
    removeTree(this.root);
  }
}

export function oneLine({code, message, at, hint}: Diagnostic): string {
  const place =
    at === undefined ? '' : `${at.file.replace(/^recipes\//, '')}:${at.line}:${at.column} `;
  return `${place}${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/** A recipe text with the fields every recipe has. */
export function recipeText(name: string, rest: string = ''): string {
  const builds = rest.includes('builds:') ? '' : 'builds: {main: {in: host}}\n';
  return `package: ${name}\nversion: "1.0"\nsummary: A package\n${builds}${rest}`;
}

/** A digest of the right shape. */
export const DIGEST: string = '0123456789abcdef'.repeat(4);
