/**
 * The layers of configuration as one flat list of settings, each with its origin:
 * default < system < user < project < environment < flag; a later one replaces an earlier one.
 * Knows nothing of what settings are for (config.ts).
 */
import path from 'node:path';
import {problem, type Diagnostic, type Location} from '../base/diagnostic.ts';
import {exists} from '../base/files.ts';
import type {Host} from '../base/host.ts';
import type {DataNode} from './nodes.ts';
import {keyAt} from './nodes.ts';
import {readConfigFile} from './explorer.ts';
import {isSize} from './measure.ts';
import {CONFIG_NAMES, configFile, shownPath} from './root.ts';

export type Origin = 'default' | 'system' | 'user' | 'project' | 'environment' | 'flag';

/** In rising order. */
export const ORIGINS: readonly Origin[] = [
  'default',
  'system',
  'user',
  'project',
  'environment',
  'flag',
];

export type SettingValue = string | number | boolean | readonly string[];

export interface Setting {
  /** `store.path`, `jobs`, `aliases.gnu`, `options.hello.nls`, … */
  readonly key: string;
  readonly value: SettingValue;
  readonly origin: Origin;
  /** Where it is written, for those of files. */
  readonly at: Location | undefined;
}

export interface SettingsRequest {
  /** The project folder, absolute. */
  readonly root: string;
  /** What relative paths of the environment and of flags are relative to. */
  readonly cwd: string;
  readonly host: Host;
  readonly flags: Flags;
  /** The machine's configuration; /etc/recipes/config.yaml. */
  readonly systemFile: string;
}

export interface Flags {
  readonly store?: string | undefined;
  readonly jobs?: number | undefined;
  readonly options: Readonly<Record<string, string>>;
}

export interface Settings {
  /** The one that counts for each key, sorted by key. */
  readonly settings: readonly Setting[];
  readonly problems: readonly Diagnostic[];
}

export function readSettings(request: SettingsRequest): Settings {
  const problems: Diagnostic[] = [];
  const all = [
    ...defaults(request),
    ...fromFile('system', request.systemFile, request, problems),
    ...fromFile('user', userFile(request.host), request, problems),
    ...fromFile('project', configFile(request.root), request, problems),
    ...fromEnvironment(request, problems),
    ...fromFlags(request),
  ];
  const last = new Map(all.map((setting) => [setting.key, setting]));
  const settings = [...last.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return {settings, problems};
}

/** Every file that may hold settings, whether it is there or not. */
export function configFilesOf({root, host, systemFile}: SettingsRequest): string[] {
  const project = CONFIG_NAMES.map((name) => path.join(root, name));
  return [systemFile, ...[userFile(host) ?? []].flat(), ...project];
}

function defaults({root, host}: SettingsRequest): Setting[] {
  const values: Readonly<Record<string, SettingValue>> = {
    'store.path': path.join(root, '.recipes'),
    jobs: host.cores,
    'tests.gate': false,
    'downloads.max-size': '2GiB',
  };
  return Object.entries(values).map(([key, value]) => setting(key, value, 'default'));
}

/** $XDG_CONFIG_HOME/recipes/config.yaml, else ~/.config/recipes/config.yaml. */
function userFile(host: Host): string | undefined {
  const {XDG_CONFIG_HOME: configHome, HOME: home} = host.env;
  // The XDG specification: a relative path counts as unset.
  const base = configHome?.startsWith('/') === true ? configHome : undefined;
  const folder = base ?? (home === undefined || home === '' ? undefined : `${home}/.config`);
  return folder === undefined ? undefined : path.join(folder, 'recipes', 'config.yaml');
}

function fromFile(
  origin: Origin,
  file: string | undefined,
  request: SettingsRequest,
  problems: Diagnostic[],
): Setting[] {
  if (file === undefined || !exists(file)) return [];
  const read = readConfigFile(file, shownPath(request.root, file));
  problems.push(...read.problems);
  if (read.document === undefined) return [];
  const {data, root} = read.document;
  return flatten(data, root, origin).map((one) =>
    one.key === 'store.path'
      ? {...one, value: path.resolve(path.dirname(file), String(one.value))}
      : one,
  );
}

/** One setting for each value; lists are values. */
function flatten(
  data: object,
  root: DataNode,
  origin: Origin,
  above: readonly string[] = [],
): Setting[] {
  return Object.entries(data).flatMap(([name, value]: [string, unknown]) => {
    const way = [...above, name];
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isMap) return flatten(value, root, origin, way);
    return [setting(way.join('.'), value as SettingValue, origin, keyAt(root, way))];
  });
}

interface Variable {
  readonly name: string;
  readonly key: string;
  /** What its value must be, in words. */
  readonly must: string;
  /** The value; undefined when it is wrong. */
  readonly read: (text: string, cwd: string) => SettingValue | undefined;
}

/** The variables of the environment that are settings. */
export const VARIABLES: readonly Variable[] = [
  {
    name: 'RECIPES_STORE',
    key: 'store.path',
    must: 'the path of a folder',
    read: (text, cwd) => path.resolve(cwd, text),
  },
  {
    name: 'RECIPES_JOBS',
    key: 'jobs',
    must: 'an integer from 1 to 4096',
    read: (text) =>
      /^[1-9]\d{0,3}$/.test(text) && Number(text) <= 4096 ? Number(text) : undefined,
  },
  {
    name: 'RECIPES_TESTS_GATE',
    key: 'tests.gate',
    must: 'true or false',
    read: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
  },
  {
    name: 'RECIPES_MAX_DOWNLOAD',
    key: 'downloads.max-size',
    must: 'a number with B, KiB, MiB, GiB or TiB',
    read: (text) => (isSize(text) ? text : undefined),
  },
];

/** An empty variable counts as unset. */
function fromEnvironment({host, cwd}: SettingsRequest, problems: Diagnostic[]): Setting[] {
  return VARIABLES.flatMap(({name, key, must, read}) => {
    const text = host.env[name] ?? '';
    if (text === '') return [];
    const value = read(text, cwd);
    if (value !== undefined) return [setting(key, value, 'environment')];
    const message = `the environment variable ${name} must be ${must}, not ${text}`;
    problems.push(problem('config/bad-environment', message, {hint: `unset ${name}`}));
    return [];
  });
}

function fromFlags({flags, cwd}: SettingsRequest): Setting[] {
  const options = Object.entries(flags.options);
  return [
    ...(flags.store === undefined
      ? []
      : [setting('store.path', path.resolve(cwd, flags.store), 'flag')]),
    ...(flags.jobs === undefined ? [] : [setting('jobs', flags.jobs, 'flag')]),
    ...options.map(([name, value]) => setting(`options.${name}`, value, 'flag')),
  ];
}

function setting(key: string, value: SettingValue, origin: Origin, at?: Location): Setting {
  return {key, value, origin, at};
}
