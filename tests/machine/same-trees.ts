/**
 * Two builds of the same recipes, file by file: how many of each artifact's files are identical in
 * two stores, and which are not. Run by hand, after building the same labels in both.
 *
 * Usage: node dist/tests/machine/same-trees.js PROJECT STORE PROJECT STORE TARGET…
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {MAIN} from '../support/space.ts';

/** Lines of a manifest by path; comments (xattrs, hard links) belong to the entry after them. */
type Facts = ReadonlyMap<string, string>;

const [project = '', store = '', otherProject = '', otherStore = '', ...targets] =
  process.argv.slice(2);
let different = 0;
for (const label of labels()) {
  const [one, other] = [factsOf(project, store, label), factsOf(otherProject, otherStore, label)];
  if (one === undefined || other === undefined) {
    console.log(`${label}: not built in ${one === undefined ? store : otherStore}`);
    different += 1;
    continue;
  }
  const paths = [...new Set([...one.keys(), ...other.keys()])].sort();
  const unlike = paths.filter((name) => one.get(name) !== other.get(name));
  console.log(`${label}: ${paths.length - unlike.length} of ${paths.length} identical`);
  for (const name of unlike) console.log(`  ${name}`);
  different += unlike.length;
}
process.exitCode = different === 0 ? 0 : 1;

function labels(): string[] {
  const out = recipes(project, store, ['list', '--json', ...targets]);
  return (JSON.parse(out) as {builds: {label: string}[]}).builds.map((one) => one.label);
}

function factsOf(from: string, at: string, label: string): Facts | undefined {
  const {tree} = JSON.parse(recipes(from, at, ['show', label, '--json'])) as {tree: string | null};
  if (tree === null) return undefined;
  const manifest = fs.readFileSync(path.join(at, 'trees', tree.slice(0, 2), tree.slice(2)), 'utf8');
  const facts = new Map<string, string>();
  let comments = '';
  for (const line of manifest.split('\n').slice(2, -1)) {
    if (line.startsWith('#')) comments += `${line}\n`;
    else {
      facts.set(line.slice(0, line.indexOf(' ')), comments + line);
      comments = '';
    }
  }
  return facts;
}

function recipes(from: string, at: string, words: readonly string[]): string {
  return execFileSync(process.execPath, [MAIN, '-C', from, '--store', at, ...words], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
}
