/**
 * Projects as values for the tests of the graph: recipes in a few words, everything else filled
 * in as the loader would. Line numbers are the places of needs, so that positions can be checked.
 */
import type {Diagnostic, Location} from '../../../engine/base/diagnostic.ts';
import type {Label} from '../../../engine/base/label.ts';
import type {
  Build,
  Config,
  Environment,
  Need,
  PathSource,
  Placement,
  Project,
  Recipe,
  RemoteSource,
  TestPlan,
} from '../../../engine/load/model.ts';
import {linkProject} from '../../../engine/graph/link.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';

/** `zlib`, `zlib build` or `zlib run`. */
export type NeedText = string;

export interface BuildText extends Partial<
  Omit<Build, 'needs' | 'in' | 'outputs' | 'test' | 'parts'>
> {
  readonly in?: 'host' | 'root' | (string & {});
  readonly needs?: readonly NeedText[];
  readonly expect?: readonly string[];
  readonly ignore?: readonly string[];
  readonly leaks?: readonly string[];
  readonly replaces?: readonly string[];
  readonly test?: Partial<Omit<TestPlan, 'needs'>> & {readonly needs?: readonly NeedText[]};
}

export interface RecipeText {
  readonly version?: string;
  readonly summary?: string;
  readonly extends?: string;
  readonly builds?: Readonly<Record<string, BuildText>>;
}

/** `collection/package` or `collection/package:build` → a build, or the needs of one. */
export type Builds = Readonly<Record<string, BuildText | readonly NeedText[]>>;

export function at(file: string, line: number): Location {
  return {file, line, column: 5, endLine: line, endColumn: 9};
}

/** A project of one build for each label. */
export function projectOf(builds: Builds, config: Partial<Config> = {}): Project {
  const recipes = new Map<string, Record<string, BuildText>>();
  for (const [label, text] of Object.entries(builds)) {
    const [name = '', build = 'main'] = label.split(':');
    const having = recipes.get(name) ?? {};
    having[build] = isNeeds(text) ? {needs: text} : text;
    recipes.set(name, having);
  }
  return projectFrom(
    Object.fromEntries([...recipes].map(([name, all]) => [name, {builds: all}])),
    config,
  );
}

export function projectFrom(
  recipes: Readonly<Record<string, RecipeText>>,
  config: Partial<Config> = {},
): Project {
  return {
    root: '/project',
    config: {...CONFIG, ...config},
    recipes: Object.entries(recipes).map(([name, text]) => recipeOf(name, text)),
    generated: [
      {glob: 'usr/share/info/dir', trigger: 'info'},
      {glob: '**/__pycache__/**', trigger: undefined},
    ],
  };
}

/** The graph of a project that has no mistakes. */
export function graphOf(builds: Builds, config: Partial<Config> = {}): BuildGraph {
  return linked(projectOf(builds, config));
}

export function linked(project: Project): BuildGraph {
  const graph = linkProject(project);
  if (!graph.ok) throw new Error(graph.error.map((one) => one.message).join('\n'));
  return graph.value;
}

/** The mistakes of a project that has some. */
export function mistakesOf(project: Project): readonly Diagnostic[] {
  const graph = linkProject(project);
  if (graph.ok) throw new Error('the project has no mistakes');
  return graph.error;
}

/** A label without asking whether it exists. */
export function label(text: string): Label {
  return text as Label;
}

export function remote(name: string, digit: string, ...others: readonly string[]): RemoteSource {
  const places = [digit, ...others].map((one, place) => ({
    url: place === 0 ? `gnu:x/${name}` : `debian:pool/${one}/${name}`,
    sha256: one.repeat(64).slice(0, 64),
    at: at('source.yaml', place + 1),
  }));
  return {
    type: 'remote',
    at: at('source.yaml', 1),
    placement: placement(name),
    places,
    size: undefined,
  };
}

export function local(name: string, path: string): PathSource {
  return {type: 'path', at: at('source.yaml', 1), placement: placement(name), path, ignore: []};
}

export function placement(name: string): Placement {
  return {name, strip: 1, into: 'top', subdir: undefined, unpack: 'auto'};
}

const CONFIG: Config = {
  storePath: '/project/.recipes',
  jobs: 2,
  aliases: {},
  mirrors: {},
  sets: {},
  overrides: {},
  options: {},
  testsGate: false,
  maxDownloadBytes: 1 << 30,
};

function isNeeds(text: BuildText | readonly NeedText[]): text is readonly NeedText[] {
  return Array.isArray(text);
}

function recipeOf(name: string, text: RecipeText): Recipe {
  const [collection = '', packageName = ''] = name.split('/');
  const version = text.version ?? '1.0';
  const file = `recipes/${name}.yaml`;
  return {
    collection,
    package: packageName,
    version,
    summary: text.summary ?? 'A package',
    options: {},
    homepage: undefined,
    license: undefined,
    file: `/project/${file}`,
    at: at(file, 1),
    extends: text.extends,
    builds: Object.entries(text.builds ?? {main: {}}).map(([build, one]) => ({
      ...buildOf(file, packageName, version, one),
      parts: {collection, package: packageName, build, test: false},
    })),
  };
}

function buildOf(
  file: string,
  packageName: string,
  version: string,
  text: BuildText,
): Omit<Build, 'parts'> {
  const {in: where, needs, expect, ignore, leaks, replaces, test, ...given} = text;
  return {
    version,
    at: at(file, 3),
    in: environmentOf(file, where ?? 'root'),
    needs: needsOf(file, 10, needs),
    kind: 'script',
    sources: [],
    patches: [],
    tools: [],
    toolVersions: {},
    env: {},
    variables: {package: packageName, version, arch: 'x86_64'},
    shell: ['errexit', 'nounset', 'pipefail'],
    steps: [{name: 'install', text: 'make install'}],
    outputs: {
      expect: expect ?? [],
      ignore: ignore ?? [],
      leaks: leaks ?? [],
      replaces: needsOf(file, 40, replaces),
    },
    resources: {cpu: 1, memoryBytes: 1 << 30, milliseconds: 60_000},
    test: test === undefined ? undefined : testOf(file, test),
    top: `${packageName}-${version}`,
    ...given,
  };
}

function testOf(file: string, test: NonNullable<BuildText['test']>): TestPlan {
  return {
    steps: test.steps ?? [{name: 'check', text: 'make check'}],
    known: test.known ?? [],
    critical: test.critical ?? false,
    needs: needsOf(file, 60, test.needs),
  };
}

function environmentOf(file: string, where: string): Environment {
  if (where === 'host' || where === 'root') return {type: where};
  return {type: 'base', name: where, at: at(file, 4)};
}

function needsOf(file: string, line: number, needs: readonly NeedText[] = []): readonly Need[] {
  return needs.map((text, place) => {
    const [name = '', when] = text.split(' ');
    const kind = when === 'build' || when === 'run' ? when : 'both';
    return {name, for: kind, at: at(file, line + place)};
  });
}
