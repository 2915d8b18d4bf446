/**
 * The /etc of host environments, in the worker's memory: what is the same everywhere, with copies
 * of the machine's own files that programs in /usr need, and its folders mounted once. Each mount that
 * a sandbox does without makes all later ones faster, and what is mounted below another comes with it.
 */
import path from 'node:path';
import * as files from '../base/files.ts';
import {fault} from '../../store/trouble.ts';
import {ETC} from './places.ts';
import type {HostShape} from './spec.ts';
import {writeText} from './staging.ts';
import type {Starters} from './starters.ts';
import {quote} from './steps.ts';

/** The minimal /etc, as file name → text. */
const ETC_FILES: Readonly<Record<string, string>> = {
  passwd: 'root:x:0:0:root:/tmp:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  group: 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1 localhost recipes\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  'host.conf': 'multi on\n',
};

/** What was copied, as lstat(2) showed it then. */
const copied = new Map<string, string>();

/** Makes it, without the files. */
export async function makeEtc({etc}: HostShape, starters: Starters): Promise<void> {
  files.makeDirs(ETC);
  for (const [name, text] of Object.entries(ETC_FILES)) writeText(placeOf(name), text);
  for (const folder of etc.folders) files.makeDir(placeOf(folder));
  // `-c`: mount(8) would ask where a path leads. With what is mounted below: it cannot be left out.
  const mounts = etc.folders.map((one) => `mount -c --rbind ${quote(one)} ${quote(placeOf(one))}`);
  const said: string[] = [];
  const status = await starters.line(`{ ${['true', ...mounts].join(' && ')}; } >&5 2>&1`, (line) =>
    said.push(line),
  );
  if (status !== 0) fault('machine/sandbox', `cannot mount folders of /etc: ${said.join('; ')}`);
}

/** So long it counts as up to date, milliseconds. */
const UP_TO_DATE = 500;
let provided = -Infinity;

/**
 * Brings its files up to date: ldconfig(8) may have been at work meanwhile. `tick`: now, in milliseconds.
 */
export function provideEtc({etc}: HostShape, tick: number): void {
  if (tick - provided < UP_TO_DATE) return;
  for (const file of etc.files) {
    const print = printOf(file);
    if (print === undefined || copied.get(file) === print) continue;
    copy(file);
    copied.set(file, print);
  }
  provided = tick;
}

function placeOf(name: string): string {
  return `${ETC}/${path.basename(name)}`;
}

function printOf(file: string): string | undefined {
  const stat = files.lookAt(file);
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

/** Renamed into its place: a sandbox that is up sees the old one or the new one. */
function copy(file: string): void {
  const temporary = `${ETC}/.new`;
  files.unless(['ENOENT'], () => files.unlink(temporary));
  files.copyFile(file, temporary);
  files.chmod(temporary, 0o644);
  files.rename(temporary, placeOf(file));
}
