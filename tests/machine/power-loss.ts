/**
 * The power cut while the store publishes and switches, on ext4 and xfs; see
 * tests/support/power-loss.ts. Run by hand, as root: it takes some minutes; the tests do the same
 * at fewer points.
 *
 * Usage: node dist/tests/machine/power-loss.js [MOST] [FOLDER] [SYSTEM] [CASE]
 * MOST: points of each case. FOLDER: where the disks are made; default: the temporary folder.
 * SYSTEM, CASE: a part of the name of a file system and of a case.
 *
 * It starts itself again in a mount namespace of its own: a sandbox that somebody starts meanwhile
 * would have a copy of each mount, and keep the disk from going down; and nothing can be left.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {Disk, whyNoDisk, type FileSystem} from '../support/power-disk.ts';
import {CASES, cutBadly, cutCase, type CutReport} from '../support/power-loss.ts';
import {cutSystem, SYSTEM_CASES} from '../support/power-system.ts';

const INSIDE = 'inside';
const SYSTEMS: readonly FileSystem[] = ['ext4', 'xfs'];

async function main(words: readonly string[]): Promise<number> {
  const [most = '40', place = '', system = '', name = ''] = words;
  const parent = place === '' ? os.tmpdir() : place;
  const folder = fs.mkdtempSync(path.join(parent, 'recipes-power-'));
  try {
    const kinds = SYSTEMS.filter((kind) => kind.includes(system));
    const troubles: string[] = [];
    for (const kind of kinds) troubles.push(...(await onDisk(kind, folder, Number(most), name)));
    console.log(troubles.length === 0 ? 'all well' : troubles.join('\n'));
    return troubles.length === 0 ? 0 : 1;
  } finally {
    fs.rmSync(folder, {recursive: true, force: true});
  }
}

async function onDisk(
  kind: FileSystem,
  folder: string,
  most: number,
  name: string,
): Promise<string[]> {
  const missing = whyNoDisk(kind);
  if (missing !== undefined) {
    console.log(`${kind}: SKIPPED: ${missing}`);
    return [];
  }
  using disk = Disk.create(kind, folder);
  const control = cutBadly(disk);
  console.log(`${kind}: control: ${String(control.length)} of 20 found: ${control[0] ?? 'none'}`);
  const troubles = control.length > 0 ? [] : [`${kind}: the control proves nothing`];
  for (const one of CASES.filter((each) => each.name.includes(name))) {
    troubles.push(...(await reported(kind, () => cutCase(disk, one, folder, most))));
  }
  for (const one of SYSTEM_CASES.filter((each) => each.includes(name))) {
    troubles.push(...(await reported(kind, () => cutSystem(disk, one, most))));
  }
  return troubles;
}

async function reported(
  kind: FileSystem,
  cut: () => CutReport | Promise<CutReport>,
): Promise<readonly string[]> {
  const begin = performance.now();
  const {name, calls, points, cuts, seen, troubles} = await cut();
  const seconds = Math.round((performance.now() - begin) / 1000);
  console.log(
    `${kind}: ${name}: ${String(calls)} calls, ${String(points.length)} points, ` +
      `${String(cuts)} cuts: ${String(seen.old)} old, ${String(seen.new)} new, ` +
      `${String(troubles.length)} troubles, ${String(seconds)} s`,
  );
  return troubles;
}

const [first, ...others] = process.argv.slice(2);
if (first === INSIDE || process.getuid?.() !== 0) {
  process.exitCode = await main(first === INSIDE ? others : process.argv.slice(2));
} else {
  const own = [process.execPath, fileURLToPath(import.meta.url), INSIDE, ...process.argv.slice(2)];
  const done = spawnSync('unshare', ['--mount', '--', ...own], {stdio: 'inherit'});
  process.exitCode = done.status ?? 1;
}
