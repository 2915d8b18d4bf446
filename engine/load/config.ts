/**
 * The configuration of a project: settings of all layers as the record the engine uses.
 * Knows nothing of recipes; whether options and overrides name existing ones is seen later.
 */
import {fail, type Checked, type Location} from '../base/diagnostic.ts';
import {formatLabel, parseLabel, type Label} from '../base/label.ts';
import {assert, err, ok} from '../base/result.ts';
import type {Host} from '../base/host.ts';
import type {DocumentMemory} from './document-memory.ts';
import {parseSize} from './measure.ts';
import type {Config, OptionValue} from './model.ts';
import {findRoot} from './root.ts';
import {
  readSettings,
  type Flags,
  type Origin,
  type Setting,
  type SettingValue,
} from './settings.ts';

export type {Flags, Origin} from './settings.ts';

export interface LoadRequest {
  /** Where -C points, absolute. */
  readonly cwd: string;
  readonly host: Host;
  readonly flags: Flags;
  /** The configuration of the machine; /etc/recipes/config.yaml when left out. */
  readonly systemFile?: string;
  /** The folder of the program, for what comes with it: kinds, generated globs. */
  readonly shipped?: string;
  /** What was read before, for whoever loads again and again. */
  readonly memory?: DocumentMemory;
}

/** One line of `config show --origin`. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: SettingValue;
  readonly origin: Origin;
  readonly at: Location | undefined;
}

/** Every setting that counts, sorted by key. */
export function showConfig(request: LoadRequest): Checked<readonly ConfigEntry[]> {
  const root = findRoot(request.cwd);
  if (root === undefined) return notFound(request.cwd);
  const {settings, problems} = readSettings(settingsRequest(request, root));
  return problems.length > 0 ? err(problems) : ok(settings);
}

export function settingsRequest(
  request: LoadRequest,
  root: string,
): Parameters<typeof readSettings>[0] {
  const {cwd, host, flags, systemFile = '/etc/recipes/config.yaml'} = request;
  return {root, cwd, host, flags, systemFile};
}

export function notFound(cwd: string): ReturnType<typeof fail> {
  return fail('config/not-found', `there is no recipes.config.yaml in ${cwd} or above it`, {
    hint: 'go to a project, use -C, or make one with `recipes init`',
  });
}

/** The settings as a record; all defaults are among them. */
export function configOf(settings: readonly Setting[]): Config {
  const values = new Map(settings.map(({key, value}) => [key, value]));
  const sbu = values.get('estimates.sbu');
  return {
    storePath: String(values.get('store.path')),
    jobs: Number(values.get('jobs')),
    aliases: lists(settings, 'aliases.'),
    mirrors: lists(settings, 'mirrors.'),
    sets: lists(settings, 'sets.'),
    overrides: section(settings, 'overrides.', String),
    options: section(settings, 'options.', (value) => value as OptionValue),
    testsGate: values.get('tests.gate') === true,
    maxDownloadBytes: parseSize(values.get('downloads.max-size') as string | number),
    ...minFree(values.get('store.gc.min-free')),
    ...(sbu === undefined ? {} : {sbu: labelIn(String(sbu))}),
  };
}

/** A label whose spelling the schema has checked, in its one form. */
function labelIn(text: string): Label {
  const parts = parseLabel(text);
  assert(parts?.collection !== undefined, `not a full label: ${text}`);
  return formatLabel({...parts, collection: parts.collection});
}

function minFree(value: SettingValue | undefined): Pick<Config, 'minFreeBytes'> {
  return value === undefined ? {} : {minFreeBytes: parseSize(value as string | number)};
}

function lists(settings: readonly Setting[], prefix: string): Record<string, readonly string[]> {
  return section(settings, prefix, (value) =>
    typeof value === 'object' ? value : [String(value)],
  );
}

/** The settings of one map, by their names in it. */
function section<T>(
  settings: readonly Setting[],
  prefix: string,
  read: (value: SettingValue) => T,
): Record<string, T> {
  const inside = settings.filter(({key}) => key.startsWith(prefix));
  return Object.fromEntries(inside.map(({key, value}) => [key.slice(prefix.length), read(value)]));
}
