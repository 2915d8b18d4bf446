/**
 * Profiles of generations by the command line: two small artifacts, and the words tests say often.
 */
import {recipe, recipes, writes} from './recipes.ts';
import {Space} from './space.ts';

export interface SwitchRecord {
  readonly profile: string;
  readonly folder: string;
  readonly generation: number;
  readonly previous: number | null;
  readonly label: string;
  readonly tree: string;
  readonly made: boolean;
  readonly files: number | null;
  readonly linked: number | null;
}

export interface ProfileRecord {
  readonly profile: string;
  readonly folder: string;
  readonly current: number | null;
  readonly generations: readonly {
    readonly generation: number;
    readonly label: string;
    readonly tree: string;
    readonly pinned: boolean;
    readonly copied: boolean;
    readonly current: boolean;
    readonly missing: boolean;
  }[];
}

/** b needs a to run; each installs a file of its name. */
export function project(): Space {
  return Space.create(
    recipes({
      't/a': {},
      't/b': {needs: [{build: 'a', for: 'run'}]},
    }),
  );
}

/** Another content of t/a. */
export function change(space: Space, text: string): void {
  space.write('recipes/t/a.yaml', recipe('t/a', {steps: writes('a', text)}));
}

export async function switchTo(space: Space, ...words: readonly string[]): Promise<SwitchRecord> {
  const {stdout} = await space.expect(0, ['root', 'switch', ...words, '--json']);
  return JSON.parse(stdout) as SwitchRecord;
}

export async function history(space: Space, name = 'sys'): Promise<ProfileRecord> {
  const {stdout} = await space.expect(0, ['root', 'history', name, '--json']);
  return JSON.parse(stdout) as ProfileRecord;
}

export async function numbers(space: Space): Promise<number[]> {
  return (await history(space)).generations.map((one) => one.generation);
}

/** What the current generation of sys has. */
export const currentText = (space: Space): string =>
  space.read('roots/sys/current/usr/share/a').trim();

/** Three generations: one, two, three. */
export async function threeGenerations(): Promise<Space> {
  const space = project();
  for (const text of ['one', 'two', 'three']) {
    change(space, text);
    await space.expect(0, ['root', 'switch', 'sys', 'a']);
  }
  return space;
}

/** How many trees gc removes. */
export async function treesRemoved(space: Space): Promise<number> {
  const {stdout} = await space.expect(0, ['store', 'gc', '--grace', '0s', '--json']);
  const {removed} = JSON.parse(stdout) as {removed: readonly {readonly kind: string}[]};
  return removed.filter((one) => one.kind === 'tree').length;
}
