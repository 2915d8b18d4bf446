/**
 * Why a key changed: compares two manifests field by field.
 * Knows the form of the lines (fields.ts) and which fields name other builds; reads no store.
 */
import {buildLabel, type Label} from '../base/label.ts';
import {decodeField, type FieldValue} from './fields.ts';

/**
 * changed, added, removed: one field. moved: the fields of a group are the same, their order,
 * which is that of steps, patches or layers, is not; old and new list their names.
 */
export interface Change {
  readonly kind: 'changed' | 'added' | 'removed' | 'moved';
  readonly field: string;
  readonly old: FieldValue | undefined;
  readonly new: FieldValue | undefined;
  /** The build whose outcome changed: the reason is to be looked for there. Else it is here. */
  readonly cause: Label | undefined;
}

/** The changes in the order of the new manifest, removed fields last. */
export function diffManifests(old: readonly string[], fresh: readonly string[]): readonly Change[] {
  const before = readFields(old);
  const after = readFields(fresh);
  const changes: Change[] = [];
  for (const [field, value] of after) {
    const was = before.get(field);
    if (was === undefined) changes.push(change('added', field, undefined, value));
    else if (JSON.stringify(was) !== JSON.stringify(value)) {
      changes.push({...change('changed', field, was, value), cause: causeOf(field, after)});
    }
  }
  for (const [field, value] of before) {
    if (!after.has(field)) changes.push(change('removed', field, value, undefined));
  }
  return [...changes, ...movedGroups(before, after)];
}

/** How many fields are the same in both: `unchanged: 14 fields`. */
export function countUnchanged(old: readonly string[], fresh: readonly string[]): number {
  const before = new Set(old);
  return fresh.filter((line) => before.has(line)).length;
}

/** Fields by name; a line that is none of ours stands for itself, so that nothing is hidden. */
function readFields(lines: readonly string[]): ReadonlyMap<string, FieldValue> {
  return new Map(
    lines.map((line) => {
      const field = decodeField(line);
      return field === undefined ? [line, ''] : [field.name, field.value];
    }),
  );
}

/** `needs.lfs/zlib` and `base.lfs/zlib` name the label, a test's `build.key` the build it checks. */
function causeOf(field: string, after: ReadonlyMap<string, FieldValue>): Label | undefined {
  const match = /^(?:needs|base)\.(.+)$/.exec(field);
  if (match?.[1] !== undefined) return match[1] as Label;
  const own = after.get('label');
  return field === 'build.key' && typeof own === 'string' ? buildLabel(own as Label) : undefined;
}

function movedGroups(
  before: ReadonlyMap<string, FieldValue>,
  after: ReadonlyMap<string, FieldValue>,
): readonly Change[] {
  const was = groups([...before.keys()].filter((field) => after.has(field)));
  const is = groups([...after.keys()].filter((field) => before.has(field)));
  return [...is].flatMap(([group, names]) => {
    const old = was.get(group) ?? [];
    return old.join('\n') === names.join('\n') ? [] : [change('moved', group, old, names)];
  });
}

/** Names by group, in order: `steps` → configure, compile, install. */
function groups(fields: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const field of fields) {
    const [, group = '', name = ''] = /^((?:build\.)?[a-z]+)\.(.+)$/.exec(field) ?? [];
    if (group !== '') found.set(group, [...(found.get(group) ?? []), name]);
  }
  return found;
}

function change(
  kind: Change['kind'],
  field: string,
  old: FieldValue | undefined,
  fresh: FieldValue | undefined,
): Change {
  return {kind, field, old, new: fresh, cause: undefined};
}
