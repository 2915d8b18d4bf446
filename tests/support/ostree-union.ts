/**
 * What `ostree checkout` makes of two trees, one over the other, in each of its manners. Trees are
 * small and plain: files, folders and links of one owner. Needs ostree(1).
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** A text is a file, `{to}` a link, null a folder; `gone` takes away what is there (a whiteout). */
export type Item = string | null | {readonly to: string} | typeof GONE;
export const GONE: unique symbol = Symbol('gone');

/** Path → what is there; parents are there too. */
export type Sketch = Readonly<Record<string, Item>>;

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

function writeSketch(folder: string, sketch: Sketch): void {
  fs.mkdirSync(folder);
  for (const name of Object.keys(sketch).sort()) {
    const item = sketch[name];
    const place = path.join(folder, name);
    if (item === null || item === undefined) fs.mkdirSync(place);
    else if (item === GONE) {
      fs.writeFileSync(path.join(path.dirname(place), `.wh.${path.basename(place)}`), '');
    } else if (typeof item === 'object') fs.symlinkSync(item.to, place);
    else fs.writeFileSync(place, item);
  }
}

function readSketch(folder: string): Sketch {
  const found: Record<string, Item> = {};
  for (const entry of fs.readdirSync(folder, {withFileTypes: true, recursive: true})) {
    const place = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, place);
    if (entry.isDirectory()) found[name] = null;
    else if (entry.isSymbolicLink()) found[name] = {to: fs.readlinkSync(place)};
    else found[name] = fs.readFileSync(place, 'utf8');
  }
  return found;
}
