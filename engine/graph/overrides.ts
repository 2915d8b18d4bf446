/**
 * Reads `overrides:` of the configuration: which label stands in the place of which.
 * Knows names only; where overrides apply is said by names.ts.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import type {Label} from '../base/label.ts';
import type {NameIndex} from './model.ts';
import {lookUp} from './names.ts';

export interface Overrides {
  /** Each followed to its end: when a → b → c, both a and b lead to c. */
  readonly map: ReadonlyMap<Label, Label>;
  readonly problems: readonly Diagnostic[];
}

/** `names` is the index without overrides: an override is written with the names it replaces. */
export function readOverrides(
  written: Readonly<Record<string, string>>,
  names: NameIndex,
): Overrides {
  const problems: Diagnostic[] = [];
  const direct = new Map<Label, Label>();
  for (const [from, to] of Object.entries(written).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const ends = [from, to].map((text) => readLabel(text, `overrides.${from}`, names, problems));
    const [source, target] = ends;
    if (source !== undefined && target !== undefined) direct.set(source, target);
  }
  const map = new Map<Label, Label>();
  for (const from of direct.keys()) {
    const end = follow(direct, from);
    if (end === undefined) problems.push(badOverride(`overrides.${from} leads back to itself`));
    else map.set(from, end);
  }
  return {map, problems};
}

function readLabel(
  text: string,
  place: string,
  names: NameIndex,
  problems: Diagnostic[],
): Label | undefined {
  const found = lookUp(names, text, []);
  if (found.ok && !found.value.test) return found.value.label;
  const message = found.ok ? 'a test cannot be overridden' : found.error.message;
  problems.push(badOverride(`${place}: ${message}`, found.ok ? undefined : found.error.hint));
  return undefined;
}

/** The last label of a chain; undefined when it never ends. */
function follow(direct: ReadonlyMap<Label, Label>, from: Label): Label | undefined {
  let at = from;
  for (let steps = 0; steps <= direct.size; steps += 1) {
    const next = direct.get(at);
    if (next === undefined) return at;
    at = next;
  }
  return undefined;
}

function badOverride(message: string, hint?: string): Diagnostic {
  return problem('graph/bad-override', message, {hint});
}
