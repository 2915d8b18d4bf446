/**
 * Artifacts on their way from one store to another, by the command line.
 */
import fs from 'node:fs';
import {Space} from './space.ts';

interface Shown {
  readonly tree: string;
}

export async function treeOf(space: Space, label: string): Promise<string> {
  const {stdout} = await space.expect(0, ['show', label, '--json']);
  return (JSON.parse(stdout) as Shown).tree;
}

/** Into another store through an export; gives the space of that store. */
export async function moved(space: Space, label: string): Promise<Space> {
  await space.expect(0, ['store', 'export', '-o', 'moved.tar', label]);
  const other = Space.create();
  for (const name of fs.readdirSync(space.at('recipes/t'))) {
    other.write(`recipes/t/${name}`, space.read(`recipes/t/${name}`));
  }
  await other.expect(0, ['store', 'import', space.at('moved.tar')]);
  return other;
}
