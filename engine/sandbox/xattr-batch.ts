/**
 * Reads the xattrs of what several builds have left with one process. Knows nothing of builds.
 */
import type {BytePath} from '../../store/bytes.ts';
import type {Store} from '../../store/layout.ts';
import type {Xattr} from '../../store/manifest.ts';
import {LONGEST} from '../../store/reach.ts';
import {readXattrs, readXattrsTogether} from '../../store/xattrs.ts';
import {MEMORY} from './places.ts';
import type {Starters} from './starters.ts';

export interface XattrQuestion {
  /** Relative to the store. */
  readonly folder: string;
  /** All that is below it. */
  readonly paths: readonly BytePath[];
}

export type XattrsByPath = ReadonlyMap<BytePath, readonly Xattr[]>;

let asked = 0;

/** An answer for each question, in order. Throws as `readXattrs` does. */
export async function answerTogether(
  starters: Starters,
  store: Store,
  questions: readonly XattrQuestion[],
): Promise<readonly XattrsByPath[]> {
  const near = questions.filter((one) => !isDeep(one));
  const folders = near.map((one) => one.folder);
  const output = `${MEMORY}/xattrs-${(asked += 1)}`;
  const answers = await readXattrsTogether(folders, output, async (argv) => {
    const {status, said} = await starters.command(argv, {output});
    return {status, stderr: said};
  });
  return questions.map((one) =>
    isDeep(one)
      ? readXattrs(store, one.folder, one.paths)
      : (answers[near.indexOf(one)] ?? new Map<BytePath, readonly Xattr[]>()),
  );
}

/** Where getfattr does not come by names alone. */
function isDeep({folder, paths}: XattrQuestion): boolean {
  return paths.some((path) => folder.length + path.length >= LONGEST);
}
