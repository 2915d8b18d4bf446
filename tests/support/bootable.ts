/**
 * A system that boots, for tests: the machine's bash and some small programs, our own first process,
 * and a kernel. The kernel is the one of `lfs/kernel:rescue` in this project's store, or what
 * RECIPES_TEST_KERNEL names: it takes too long to be built for a test.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {recipe, type Sketch} from './recipes.ts';
import type {Space} from './space.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));

/** Why there can be no such system here; undefined where there can. */
export function whyNoBoot(): string | undefined {
  if (spawnSync('qemu-system-x86_64', ['--version']).error !== undefined) {
    return 'qemu-system-x86_64';
  }
  if (spawnSync('mke2fs', ['-V'], {env: {PATH: '/usr/sbin:/sbin'}}).error !== undefined) {
    return 'mke2fs';
  }
  return kernelFile() === undefined ? 'a kernel (recipes build lfs/kernel:rescue)' : undefined;
}

let known: string | undefined;

/** A kernel with all it needs built in. */
function kernelFile(): string | undefined {
  const named = process.env['RECIPES_TEST_KERNEL'] ?? '';
  known ??= named === '' ? builtKernel() : named;
  return known;
}

function builtKernel(): string | undefined {
  if (!fs.existsSync(path.join(project, '.recipes'))) return undefined;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-kernel-'));
  const words = ['-C', project, 'checkout', 'lfs/kernel:rescue', `${folder}/out`];
  const main = path.join(project, 'dist/engine/cli/main.cjs');
  const {status} = spawnSync(process.execPath, [main, ...words]);
  const file = path.join(folder, 'kernel');
  if (status === 0) fs.copyFileSync(path.join(folder, 'out/boot/vmlinuz'), file);
  process.once('exit', () => {
    fs.rmSync(folder, {recursive: true});
  });
  return status === 0 ? file : undefined;
}

let words: readonly string[] | undefined;

/**
 * Options for `boot`: there are machines whose KVM starts and shows nothing. The kernel ends by
 * itself where it finds no disk.
 */
export function bootOptions(): readonly string[] {
  return (words ??= fs.existsSync('/dev/kvm') && !doesKvmWork() ? ['--accel', 'tcg'] : []);
}

function doesKvmWork(): boolean {
  const {stdout} = spawnSync(
    'qemu-system-x86_64',
    [
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-machine', 'q35,accel=kvm'],
      ...['-cpu', 'max,arch-capabilities=off', '-m', '256M', '-serial', 'stdio'],
      ...['-kernel', kernelFile() ?? '', '-append', 'console=ttyS0 panic=-1'],
    ],
    {timeout: 15_000, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'ignore']},
  );
  return String(stdout).includes('Linux version');
}

/** The first process of the rescue system, made on this machine; its libraries are the shell's. */
const INIT: Sketch = {
  tools: ['cc'],
  steps: `mkdir -p "$DESTDIR/usr/sbin"\ncc -O2 -Wall -o "$DESTDIR/usr/sbin/init" /build/init.c\nln -s init "$DESTDIR/usr/sbin/poweroff"`,
  build: {outputs: {leaks: ['**']}},
};

/** Adds `t/kernel`, `t/init` and `t/sys`, whose /etc/motd the shell shows first. */
export function addSystem(space: Space, motd: string): void {
  const kernel = kernelFile();
  if (kernel === undefined) throw new Error('there is no kernel');
  fs.mkdirSync(space.at('recipes/t/sys'), {recursive: true});
  fs.copyFileSync(kernel, space.at('recipes/t/sys/vmlinuz'));
  fs.copyFileSync(path.join(project, 'recipes/lfs/rescue/init.c'), space.at('recipes/t/init.c'));
  space.write(
    'recipes/t/init.yaml',
    recipe('t/init', {...INIT, recipe: {sources: [{path: 'init.c'}]}}),
  );
  become(space, motd);
}

/** Another text for /etc/motd. */
export function become(space: Space, motd: string): void {
  const folders = Object.fromEntries(
    ['/dev', '/proc', '/sys', '/run', '/tmp', '/root', '/var/lib'].map((one) => [one, {}]),
  );
  const root = {
    layers: ['base/shell', 'init'],
    folders,
    files: {
      '/boot/vmlinuz-1': {from: 'sys/vmlinuz'},
      '/etc/hostname': {text: 'test\n'},
      '/etc/motd': {text: `${motd}\n`},
      '/root/.bash_profile': {text: "cat /etc/motd\nPS1='ready# '\n"},
    },
    links: {'/boot/vmlinuz': 'vmlinuz-1'},
    boot: {kernel: '/boot/vmlinuz', command: 'quiet', init: '/usr/sbin/init', memory: '256MiB'},
  };
  const text = {package: 'sys', version: '1', summary: 'A system', root};
  space.write('recipes/t/sys.yaml', JSON.stringify(text));
}
