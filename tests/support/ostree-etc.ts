/**
 * What `ostree admin deploy` makes of /etc: the old default, what became of it, the new default.
 * Each triple is two deployments in one sysroot. Needs ostree(1), and root for what it makes.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {readSketch, writeSketch, type Sketch} from './sketch.ts';

export interface Triple {
  readonly old: Sketch;
  readonly own: Sketch;
  readonly fresh: Sketch;
}

/** The merged /etc, or undefined where the deployment fails; in the order of the triples. */
export function mergedByOstree(
  folder: string,
  triples: readonly Triple[],
): readonly (Sketch | undefined)[] {
  const script = [
    // Deployments may not be removed before.
    ...["trap 'chattr -R -i sys || true' EXIT"],
    ...['set -e', `cd '${folder}'`, 'mkdir sys', 'ostree admin init-fs sys'],
    ...['ostree admin os-init test --sysroot=sys', 'repo=sys/ostree/repo'],
    'ostree config --repo=$repo set core.fsync false',
    ...['deploy() {', '  ostree admin deploy --sysroot=sys --os=test "$@"', '}'],
    // The folder of a deployment may not lose its /etc, but that all it has.
    // Two trees of the same content are two commits.
    ...['commit() {', '  echo "$1" > "$1/usr/lib/name"'],
    '  ostree commit --repo=$repo --branch=main --owner-uid=0 --owner-gid=0 --tree=dir="$1"',
    ...['}', 'home=sys/ostree/deploy/test/deploy'],
  ];
  triples.forEach(({old, own, fresh}, at) => {
    const [before, mine, after] = ['a', 'b', 'c'].map((one) => `${at}.${one}`);
    writeTree(path.join(folder, `${at}.a`), old);
    writeTree(path.join(folder, `${at}.c`), fresh);
    writeSketch(path.join(folder, `${at}.b`), own);
    script.push(
      `id=$(commit ${before}); deploy --no-merge main`,
      `find $home/$id.0/etc -mindepth 1 -delete; cp -a ${mine}/. $home/$id.0/etc/`,
      `id=$(commit ${after}); if deploy main; then cp -a $home/$id.0/etc ${at}.d; fi`,
      `rm -rf ${before} ${mine} ${after}`,
    );
  });
  execFileSync('bash', ['-s'], {
    ...{input: script.join('\n'), stdio: ['pipe', 'ignore', 'ignore']},
    maxBuffer: 1 << 26,
  });
  return triples.map((_, at) => {
    const place = path.join(folder, `${at}.d`);
    return fs.existsSync(place) ? readSketch(place) : undefined;
  });
}

/** The least that ostree deploys. */
function writeTree(folder: string, etc: Sketch): void {
  const kernel = path.join(folder, 'usr/lib/modules/6.0');
  fs.mkdirSync(kernel, {recursive: true});
  for (const name of ['vmlinuz', 'initramfs.img']) fs.writeFileSync(path.join(kernel, name), name);
  fs.writeFileSync(path.join(folder, 'usr/lib/os-release'), 'ID=test\nPRETTY_NAME=Test\n');
  writeSketch(path.join(folder, 'usr/etc'), etc);
}
