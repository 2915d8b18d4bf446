/**
 * Options of recipes: their declarations, and the values that configuration and flags give them.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import {err, ok, type Result} from '../base/result.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import type {OptionFact} from './condition.ts';
import type {Declarations, OptionValue} from './model.ts';
import {keyAt, placeAt, type DataNode} from './nodes.ts';
import {ORIGINS, type Setting, type SettingValue} from './settings.ts';

type Declaration = Declarations[string];

/** Whose option it is. */
export interface Owner {
  readonly collection: string;
  readonly package: string;
}

/** The options of a recipe with the values they have in this project. */
export function decideOptions(
  owner: Owner,
  declared: Declarations,
  settings: readonly Setting[],
): ReadonlyMap<string, OptionFact> {
  const facts = new Map<string, OptionFact>();
  for (const [name, declaration] of Object.entries(declared)) {
    const setting = chosen(owner, name, settings);
    const given = setting === undefined ? undefined : readValue(declaration, setting.value);
    const fallback = readValue(declaration, declaration.default);
    const value = given?.ok === true ? given.value : fallback.ok ? fallback.value : '';
    facts.set(name, {value, values: declaration.type === 'enum' ? declaration.values : undefined});
  }
  return facts;
}

/** What is wrong with the declarations themselves. */
export function checkDeclarations(
  root: DataNode,
  declared: Declarations,
  problems: Diagnostic[],
): void {
  for (const [name, declaration] of Object.entries(declared)) {
    const isEnum = declaration.type === 'enum';
    if (isEnum !== (declaration.values !== undefined)) {
      const message = isEnum
        ? `the option \`${name}\` is an enum without \`values\``
        : `only an enum has \`values\`, and \`${name}\` is ${declaration.type}`;
      const at = keyAt(root, ['options', name, ...(isEnum ? [] : ['values'])]);
      problems.push(problem('recipe/bad-option', message, {at}));
      continue;
    }
    const value = readValue(declaration, declaration.default);
    if (value.ok) continue;
    const at = placeAt(root, ['options', name, 'default']);
    const message = `the default of the option \`${name}\` ${value.error}`;
    problems.push(problem('recipe/bad-option', message, {at}));
  }
}

/** A recipe as far as its options are concerned. */
export interface OptionOwner extends Owner {
  readonly declared: Declarations;
  /** Its file has mistakes, so an option may be missing for another reason. */
  readonly sound: boolean;
}

/** What is wrong with the values that configuration and flags give. */
export function checkSettings(
  settings: readonly Setting[],
  owners: readonly OptionOwner[],
  problems: Diagnostic[],
): void {
  for (const setting of settings)
    if (setting.key.startsWith(PREFIX)) checkSetting(setting, owners, problems);
}

const PREFIX = 'options.';

function checkSetting(
  setting: Setting,
  owners: readonly OptionOwner[],
  problems: Diagnostic[],
): void {
  const name = setting.key.slice(PREFIX.length);
  const dot = name.lastIndexOf('.');
  const target = name.slice(0, dot);
  const option = name.slice(dot + 1);
  const meant = owners.filter((one) => target === one.package || target === fullName(one));
  const add = (message: string, hint: string | undefined): void => {
    const code = setting.origin === 'flag' ? 'usage/bad-option' : 'config/bad-option';
    problems.push(problem(code, message, {at: setting.at, hint}));
  };
  if (meant.length === 0) {
    // A user's own configuration may speak of packages that this project does not have.
    if (setting.origin === 'system' || setting.origin === 'user') return;
    const names = owners.flatMap((one) => [one.package, fullName(one)]);
    return add(
      `there is no package \`${target}\` with options`,
      didYouMean(similarTo(target, names)),
    );
  }
  const having = meant.filter(({declared}) => Object.hasOwn(declared, option));
  if (having.length === 0 && meant.every(({sound}) => sound)) {
    const names = meant.flatMap(({declared}) => Object.keys(declared));
    const all = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    add(`${target} has no option \`${option}\``, didYouMean(similarTo(option, names)) ?? all);
  }
  const wrong = having
    .flatMap(({declared}) => declared[option] ?? [])
    .map((declaration) => readValue(declaration, setting.value))
    .find((value) => !value.ok);
  if (wrong?.ok === false) add(`the option ${name} ${wrong.error}`, undefined);
}

/** The setting that counts for an option: of the latest layer, there that with the collection. */
function chosen(owner: Owner, name: string, settings: readonly Setting[]): Setting | undefined {
  const keys = [`${PREFIX}${fullName(owner)}.${name}`, `${PREFIX}${owner.package}.${name}`];
  const found = keys.flatMap((key) => settings.find((setting) => setting.key === key) ?? []);
  const rank = (setting: Setting): number => ORIGINS.indexOf(setting.origin);
  return found.sort((a, b) => rank(b) - rank(a))[0];
}

/** A value as its option wants it, or why it cannot have it. */
function readValue(declaration: Declaration, value: SettingValue): Result<OptionValue, string> {
  const text = String(value);
  switch (declaration.type) {
    case 'bool':
      if (text === 'true' || text === 'false') return ok(text === 'true');
      return err(`must be true or false, not ${text}`);
    case 'enum': {
      const values = declaration.values ?? [];
      if (values.includes(text)) return ok(text);
      return err(`must be one of ${values.join(', ')}, not ${text}`);
    }
    case 'text':
      return ok(text);
  }
}

function fullName(owner: Owner): string {
  return `${owner.collection}/${owner.package}`;
}
