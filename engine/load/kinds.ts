/**
 * Kinds: build systems as data, one file each in recipes/kinds.
 * Knows what a kind offers; what builds make of it is builds.ts.
 */
import type {KindFile} from '../../schemas/types/kind.ts';
import {problem, type Diagnostic, type Location} from '../base/diagnostic.ts';
import type {Document} from './document.ts';
import type {Step} from './model.ts';
import {keyAt, nodeAt, placeAt, type DataNode, type ScalarNode} from './nodes.ts';

export type ParameterType = 'list' | 'text' | 'bool';

export interface Parameter {
  readonly type: ParameterType;
  /** As written; undefined: the empty value of the type. */
  readonly default: DataNode | undefined;
}

export interface Kind {
  readonly name: string;
  readonly at: Location;
  /** Undefined when the file has mistakes: nobody is told then that it lacks something. */
  readonly sound: boolean;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly shell: readonly string[];
  readonly tools: readonly string[];
  readonly env: Readonly<Record<'host' | 'root', ReadonlyMap<string, ScalarNode>>>;
  /** `any`: builds write steps of their own. */
  readonly steps: readonly Step[] | 'any';
  readonly testSteps: readonly Step[] | undefined;
}

export const DEFAULT_SHELL: readonly string[] = ['errexit', 'nounset', 'pipefail'];

/** A kind from its file, whose name (without suffix) must be the kind's. */
export function readKind(
  fileName: string,
  {root, data, sound}: Document<'kind'>,
  problems: Diagnostic[],
): Kind {
  const before = problems.length;
  if (data.kind !== undefined && data.kind !== fileName) {
    const message = `the kind is named ${data.kind}, its file ${fileName}.yaml`;
    const at = placeAt(root, ['kind']);
    problems.push(problem('recipe/bad-name', message, {at, hint: 'rename one of them'}));
  }
  const parameters = readParameters(root, data, problems);
  return {
    name: fileName,
    at: keyAt(root, ['kind']),
    sound: sound && problems.length === before,
    parameters,
    shell: data.shell ?? DEFAULT_SHELL,
    tools: data.tools ?? [],
    env: {host: scalarsAt(root, ['host', 'env']), root: scalarsAt(root, ['root', 'env'])},
    steps: typeof data.steps === 'string' ? 'any' : stepsAt(root, ['steps']),
    testSteps: data.test?.steps === undefined ? undefined : stepsAt(root, ['test', 'steps']),
  };
}

/** The steps of a map of the file, in the order written. */
export function stepsAt(root: DataNode, path: readonly string[]): Step[] {
  return [...scalarsAt(root, path)].map(([name, {source}]) => ({name, text: source}));
}

/** The single values of a map of the file, in the order written. */
export function scalarsAt(
  root: DataNode,
  path: readonly string[],
): ReadonlyMap<string, ScalarNode> {
  const node = nodeAt(root, path);
  const found = new Map<string, ScalarNode>();
  if (node?.kind !== 'map') return found;
  for (const [name, {value}] of node.entries) if (value.kind === 'scalar') found.set(name, value);
  return found;
}

/** The type a value has, as kinds name types. */
export function parameterType(node: DataNode): ParameterType {
  if (node.kind === 'list') return 'list';
  return node.kind === 'scalar' && typeof node.value === 'boolean' ? 'bool' : 'text';
}

export const TYPE_WORDS: Readonly<Record<ParameterType, string>> = {
  list: 'a list of texts',
  text: 'a text',
  bool: 'true or false',
};

function readParameters(
  root: DataNode,
  data: Partial<KindFile>,
  problems: Diagnostic[],
): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  for (const [name, {type}] of Object.entries(data.with ?? {})) {
    const node = nodeAt(root, ['with', name, 'default']);
    parameters.set(name, {type, default: node});
    if (node === undefined || parameterType(node) === type) continue;
    const message = `the default of \`${name}\` must be ${TYPE_WORDS[type]}`;
    problems.push(problem('recipe/bad-parameter', message, {at: node.at}));
  }
  return parameters;
}
