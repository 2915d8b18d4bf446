/**
 * `root:` of a recipe: what a root filesystem is laid together from, and what lies in it besides.
 * It is read as the one build of its recipe, whose needs are the layers and whose steps are the
 * triggers. Labels, sets and owners stay names as written.
 */
import path from 'node:path';
import type {Root as RootFile} from '../../schemas/types/recipe.ts';
import {leadsToFile} from '../base/files.ts';
import {parseSize} from './measure.ts';
import type {Boot, Build, ItemPlace, Need, RootItem, RootPlan, Source} from './model.ts';
import {keyAt, nodeAt, placeAt, type Path} from './nodes.ts';
import {pathError} from './paths.ts';
import {USUAL_RESOURCES} from './resources.ts';
import {readGlobs} from './sources.ts';
import {holds, report, textAt, type Work} from './work.ts';

/** The build that `root:` stands for; all mistakes are reported. */
export function readRoot(
  work: Work,
  file: RootFile,
  variables: ReadonlyMap<string, string>,
): Build {
  const {collection} = work.recipe.source;
  const sources: Source[] = [];
  const plan = readPlan(work, file, sources);
  // With `extends` the schema cannot know whether the base has some.
  if (file.layers === undefined && work.recipe.sound) {
    const at = keyAt(work.recipe.root, ['root']);
    report(work, 'schema/missing-field', 'the field `layers` is missing', at);
  }
  const triggers = Object.entries(file.triggers ?? {});
  return {
    parts: {collection, package: work.recipe.data.package, build: 'main', test: false},
    version: work.recipe.data.version,
    at: keyAt(work.recipe.root, ['root']),
    in: {type: 'root'},
    needs: readLayers(work, file.layers ?? [], ['root', 'layers']),
    kind: 'root',
    sources,
    patches: [],
    tools: [],
    toolVersions: {},
    env: {},
    variables: Object.fromEntries(variables),
    shell: ['errexit', 'nounset', 'pipefail'],
    steps: triggers.map(([name, text]) => ({name, text})),
    outputs: {expect: [], ignore: [], replaces: [], leaks: []},
    resources: USUAL_RESOURCES,
    test: undefined,
    top: '',
    root: plan,
  };
}

function readPlan(work: Work, file: RootFile, sources: Source[]): RootPlan {
  const names = (field: 'folders' | 'files' | 'links'): readonly string[] =>
    Object.keys(file[field] ?? {});
  const items = [
    ...names('folders').map((name) => readFolder(work, file, name)),
    ...names('files').flatMap((name) => readFile(work, file, name, sources) ?? []),
    ...names('links').map((name) => readLink(work, name)),
  ];
  checkTwice(work, items);
  return {
    boot: readBoot(file.boot),
    overrides: readLayers(work, file.overrides ?? [], ['root', 'overrides']),
    exclude: readGlobs(work, ['root', 'exclude']),
    items: items.sort((a, b) => (a.path < b.path ? -1 : 1)),
    users: Object.entries(file.users ?? {}).map(([name, user]) => ({
      name,
      at: keyAt(work.recipe.root, ['root', 'users', name]),
      uid: user.uid,
      gid: user.gid ?? user.uid,
      comment: user.comment ?? '',
      home: user.home ?? '/',
      shell: user.shell ?? '/bin/false',
      password: user.password ?? 'x',
    })),
    groups: Object.entries(file.groups ?? {}).map(([name, {gid, members = []}]) => ({
      ...{name, gid, members},
      at: keyAt(work.recipe.root, ['root', 'groups', name]),
    })),
  };
}

function readBoot(boot: RootFile['boot']): Boot | undefined {
  if (boot === undefined) return undefined;
  const {kernel, command = '', init = '/sbin/init', memory = '1GiB'} = boot;
  return {kernel, command, init, memory: parseSize(memory)};
}

/** Layers whose conditions hold. */
function readLayers(
  work: Work,
  layers: NonNullable<RootFile['layers']>,
  at: Path,
): readonly Need[] {
  return layers.flatMap((layer, index): readonly Need[] => {
    const place = placeAt(work.recipe.root, [...at, index]);
    const written = typeof layer === 'string' ? layer : layer.layer;
    if (!holds(work, [...at, index])) return [];
    const {index: recipes} = work.surroundings;
    const isSet = written.startsWith('@');
    const name = isSet ? written : recipes.qualify(written, place.file, work.recipe.source);
    return [{name, for: 'both', at: place}];
  });
}

interface Attributes {
  readonly mode?: string | number | undefined;
  readonly owner?: string | number | undefined;
}

function common(work: Work, at: Path, {mode, owner}: Attributes): ItemPlace {
  const name = String(at.at(-1));
  checkPlace(work, name, at);
  return {
    path: name.slice(1),
    mode: mode === undefined ? undefined : parseInt(String(mode), 8),
    owner: owner === undefined ? undefined : String(owner),
    at: keyAt(work.recipe.root, at),
  };
}

function checkPlace(work: Work, name: string, at: Path): void {
  const error = name.split('/').includes('.') ? 'has a part `.`' : pathError(name.slice(1));
  if (error === undefined) return;
  report(work, 'recipe/bad-path', `the place ${error}: ${name}`, keyAt(work.recipe.root, at));
}

function readFolder(work: Work, file: RootFile, name: string): RootItem {
  const at = ['root', 'folders', name];
  return {...common(work, at, file.folders?.[name] ?? {}), type: 'dir'};
}

function readLink(work: Work, name: string): RootItem {
  const at = ['root', 'links', name];
  return {...common(work, at, {}), type: 'link', target: textAt(work, at) ?? ''};
}

function readFile(
  work: Work,
  file: RootFile,
  name: string,
  sources: Source[],
): RootItem | undefined {
  const at = ['root', 'files', name];
  const written = file.files?.[name] ?? {};
  const item = common(work, at, written);
  const has = (field: string): boolean => nodeAt(work.recipe.root, [...at, field]) !== undefined;
  if (has('text') === has('from')) {
    report(work, 'recipe/bad-root', `${name} has to have either \`text\` or \`from\``, item.at);
    return undefined;
  }
  if (has('text')) return {...item, type: 'file', text: textAt(work, [...at, 'text']) ?? ''};
  const source = readSource(work, name, [...at, 'from']);
  sources.push(source);
  return {...item, type: 'file', source: source.placement.name};
}

/** A file beside the recipe: a source like any other, under a name of its own. */
function readSource(work: Work, name: string, at: Path): Source {
  const written = textAt(work, at) ?? '';
  const place = placeAt(work.recipe.root, at);
  const folder = path.dirname(path.resolve(work.surroundings.root, place.file));
  const file = path.resolve(folder, written);
  if (!work.surroundings.isFile(file) || !leadsToFile(file)) {
    report(work, 'recipe/missing-file', `there is no file ${written} beside the recipe`, place);
  }
  const unique = name.slice(1).replaceAll('%', '%25').replaceAll('/', '%2F');
  const placement = {name: unique, strip: 0, into: '', subdir: undefined, unpack: false} as const;
  return {type: 'path', at: place, placement, path: file, ignore: []};
}

function checkTwice(work: Work, items: readonly RootItem[]): void {
  const seen = new Set<string>();
  for (const {path: name, at} of items) {
    if (seen.has(name)) report(work, 'recipe/bad-root', `/${name} is there twice`, at);
    seen.add(name);
  }
}
