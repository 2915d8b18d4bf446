/**
 * The start of Linux From Scratch with the real recipes and sources: binutils pass 1 to its end, a
 * program made with it in a sysroot, and a root that is made of artifacts alone.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {MAIN, removeAll} from '../support/space.ts';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const store = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-test-'));

test.after.always(() => {
  removeAll(store);
});

interface Ran {
  readonly status: number;
  readonly out: string;
}

/** A command of the real tool; what it prints for people and for programs together. */
function recipes(...words: readonly string[]): Ran {
  const all = [MAIN, '-C', PROJECT, '--store', path.join(store, 's'), ...words];
  const command = `exec "$@" 2>&1`;
  try {
    const argv = ['-c', command, 'sh', process.execPath, ...all];
    const env = {...process.env, NO_COLOR: '1', LANG: 'C.UTF-8'};
    return {status: 0, out: execFileSync('sh', argv, {encoding: 'utf8', env})};
  } catch (error) {
    const {status, stdout} = error as {status: number | null; stdout: string};
    return {status: status ?? -1, out: stdout};
  }
}

/** Why this cannot be tried here: tools that are missing, or no way to the sources. */
function lacks(label: string): string | undefined {
  const {status, out} = recipes('doctor', '--for', label);
  if (status !== 0) return out.split('\n').find((line) => !line.startsWith('ok')) ?? out;
  return undefined;
}

/** What `build` prints; undefined, with a word, where this machine cannot do it. */
function build(t: ExecutionContext, label: string): string | undefined {
  const {status, out} = recipes('build', '-j2', label);
  const why = status === 0 ? undefined : (lacks(label) ?? /source\/unreachable.*/.exec(out)?.[0]);
  if (why !== undefined) {
    t.log(`SKIPPED: ${why}`);
    t.pass();
    return undefined;
  }
  t.is(status, 0, out);
  return out;
}

test.serial('binutils pass 1, a program linked in its sysroot, and nothing again', (t) => {
  const out = build(t, 'lfs/scan:linker');
  if (out === undefined) return;
  t.regex(out, /✔ lfs\/binutils:pass1 built .*\n(.*\n)*✔ lfs\/scan:linker built/);
  t.regex(
    recipes('log', 'lfs/binutils:pass1').out,
    /SEARCH_DIR\("=\/sysroot\/tools\/x86_64-lfs-linux-gnu\/lib64"\)\nSEARCH_DIR\("=\/usr\/local\/lib64"\)/,
  );
  t.regex(
    recipes('log', 'lfs/scan:linker').out,
    /ELF64\nEXEC \(Executable file\)\nAdvanced Micro Devices X86-64\n/,
  );
  t.regex(recipes('files', 'lfs/binutils:pass1').out, /tools\/bin\/x86_64-lfs-linux-gnu-ld$/m);
  t.regex(build(t, 'lfs/scan:linker') ?? '', /nothing to do/);
});

test.serial('a root of a static bash and coreutils, and nothing of the machine', (t) => {
  if (build(t, 'examples/small-root') === undefined) return;
  const out = path.join(store, 'out');
  t.is(recipes('checkout', 'examples/small-root', out).status, 0);
  const seen = (name: string): string =>
    fs.readFileSync(path.join(out, 'usr/share/small-root', name), 'utf8');
  t.is(seen('top'), 'build\ndev\nproc\nrun\nsys\ntmp\nusr\n');
  t.is(seen('usr'), 'bin\nshare\n');
});
