/**
 * What `ostree checkout` makes of two trees, one over the other, in each of its manners. Trees are
 * small and plain: files, folders and links of one owner. Needs ostree(1).
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {readSketch, writeSketch, type Sketch} from './sketch.ts';

export const MANNERS = ['--union-identical', '--union', '--union-add', '--whiteouts'] as const;
export type Manner = (typeof MANNERS)[number];

/** The second tree's checkout fails, or this is there afterwards. */
export type Outcome = {readonly ok: true; readonly tree: Sketch} | {readonly ok: false};

export interface Pair {
  readonly first: Sketch;
  readonly second: Sketch;
}

/** One shell for all: a process for each pair would take longer than what is asked. */
export function askOstree(
  folder: string,
  pairs: readonly Pair[],
  manners: readonly Manner[],
): ReadonlyMap<Manner, Outcome>[] {
  const repo = path.join(folder, 'repo');
  execFileSync('ostree', ['init', `--repo=${repo}`, '--mode=bare-user']);
  // What is asked is what comes out, not whether it survives.
  const script = [`cd '${folder}'`, 'ostree config --repo=repo set core.fsync false'];
  pairs.forEach(({first, second}, at) => {
    writeSketch(path.join(folder, `${at}.a`), first);
    writeSketch(path.join(folder, `${at}.b`), second);
    for (const one of ['a', 'b']) {
      script.push(
        `ostree commit --repo=repo --branch=${at}.${one} --owner-uid=0 --owner-gid=0 ${at}.${one} >log 2>&1 || exit 9`,
      );
    }
    script.push(`ostree checkout --repo=repo --fsync=false -U -H ${at}.a ${at}.base`);
    manners.forEach((manner, number) => {
      const flags = manner === '--whiteouts' ? '--union --whiteouts' : manner;
      const place = `${at}.out${number}`;
      script.push(
        `cp -al ${at}.base ${place} && { ostree checkout --repo=repo --fsync=false -U -H ${flags} ${at}.b ${place} 2>${place}.said || : >${place}.failed; }`,
      );
    });
  });
  execFileSync('bash', ['-s'], {input: script.join('\n'), stdio: ['pipe', 'ignore', 'ignore']});
  return pairs.map(
    (_, at) =>
      new Map(
        manners.map((manner, number): [Manner, Outcome] => {
          const place = path.join(folder, `${at}.out${number}`);
          if (fs.existsSync(`${place}.failed`)) return [manner, {ok: false}];
          return [manner, {ok: true, tree: readSketch(place)}];
        }),
      ),
  );
}
