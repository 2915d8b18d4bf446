/**
 * A disk of its own whose power can be cut: a file as a loop device with a file system that is
 * told to shut down at once (the ioctl GOINGDOWN of XFS, which ext4 has too, without flushing its
 * log), and is then mounted again. Whatever was not durable is gone. Needs root.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export type FileSystem = 'ext4' | 'xfs';

/** XFS takes no less than 300 MiB. The file is sparse. */
const SIZE = 512 << 20;

const MKFS: Readonly<Record<FileSystem, readonly string[]>> = {
  ext4: ['mkfs.ext4', '-q', '-F', '-N', '65536'],
  xfs: ['mkfs.xfs', '-q', '-f'],
};

/** _IOR('X', 125, __u32); 2: what is in the log and not on the disk is lost too. */
const GOING_DOWN =
  'open F, "<", $ARGV[0] or die $!; $f = pack("L", 2); ioctl(F, 0x8004587d, $f) or die $!';

/** Why this machine has no such disks, else undefined. */
export function whyNoDisk(kind: FileSystem): string | undefined {
  if (process.getuid?.() !== 0) return 'root, to mount a loop device';
  for (const program of ['mount', 'perl', MKFS[kind][0] ?? '']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return program;
  }
  return fs.existsSync('/dev/loop-control') ? undefined : '/dev/loop-control';
}

/** Invariant: mounted at `at` between calls. */
export class Disk implements Disposable {
  readonly kind: FileSystem;
  /** Where it is mounted. */
  readonly at: string;
  readonly #image: string;

  private constructor(kind: FileSystem, folder: string) {
    this.kind = kind;
    this.#image = path.join(folder, `${kind}.img`);
    this.at = path.join(folder, kind);
  }

  /** An empty one; its two names are made in the folder. Throws where it cannot be mounted. */
  static create(kind: FileSystem, folder: string): Disk {
    const disk = new Disk(kind, folder);
    fs.writeFileSync(disk.#image, '');
    fs.truncateSync(disk.#image, SIZE);
    fs.mkdirSync(disk.at);
    must([...MKFS[kind], disk.#image]);
    disk.#mount();
    return disk;
  }

  /** All that was written so far is durable. */
  sync(): void {
    must(['sync', '-f', this.at]);
  }

  /**
   * The power fails and comes back. With `journal` another process has made something durable
   * right before: then the names of all files are on the disk, and the contents may not be.
   */
  cut(journal: boolean): void {
    if (journal) this.#syncAnother();
    must(['perl', '-e', GOING_DOWN, this.at]);
    must(['umount', this.at]);
    this.#mount();
  }

  #syncAnother(): void {
    const fd = fs.openSync(path.join(this.at, 'another'), 'w');
    fs.writeSync(fd, 'x');
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  }

  #mount(): void {
    must(['mount', '-o', 'loop', this.#image, this.at]);
  }

  [Symbol.dispose](): void {
    // The loop device goes with the mount.
    if (spawnSync('umount', [this.at]).status !== 0) spawnSync('umount', ['-l', this.at]);
    fs.rmSync(this.#image, {force: true});
    fs.rmdirSync(this.at);
  }
}

function must(argv: readonly string[]): void {
  const [command = '', ...args] = argv;
  const done = spawnSync(command, args, {encoding: 'utf8'});
  if (done.status !== 0) throw new Error(`${argv.join(' ')}: ${done.stderr}`);
}
