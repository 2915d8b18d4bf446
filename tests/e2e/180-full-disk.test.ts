/**
 * A store on a disk of 30 MiB that is full, or has no inode left, in the middle of each kind of
 * work: the message says so (store/full, exit 4), nothing is corrupt, gc works on the full disk,
 * and the same command works once there is room.
 */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {recipe, recipes, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';

/** What is short: bytes, or inodes. */
type Lack = 'space' | 'inodes';

/** A project on a small disk of its own; undefined where it cannot be had. */
function onSmallDisk(t: ExecutionContext): Space | undefined {
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-small-'));
  fs.chmodSync(at, 0o755);
  const options = 'size=30m,nr_inodes=4000,mode=755';
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at]);
  t.teardown(() => {
    spawnSync('umount', ['-l', at]);
    fs.rmSync(at, {recursive: true, force: true});
  });
  if (mounted.status !== 0) {
    t.log('SKIPPED: root, to mount a small disk');
    t.pass();
    return undefined;
  }
  return Space.create({...recipes({'t/base': {}}), 'recipes.config.yaml': CONFIG}, at);
}

/** The collection a build begins with where space is low is another test's. */
const CONFIG = 'store: {gc: {min-free: 0}}\n';

/** Takes all there is but so many bytes, or inodes. */
function exhaust(space: Space, lack: Lack, left: number): void {
  fs.mkdirSync(space.at('fill'));
  const {bavail, bsize, ffree} = fs.statfsSync(space.root);
  if (lack === 'inodes') {
    for (let at = 0; at < ffree - left - 1; at += 1)
      fs.writeFileSync(space.at(`fill/${String(at)}`), '');
    return;
  }
  const room = bavail * bsize - left;
  spawnSync('fallocate', ['-l', String(room), space.at('fill/room')]);
}

function makeRoom(space: Space): void {
  fs.rmSync(space.at('fill'), {recursive: true});
}

interface Work {
  /** Before the disk is full. */
  readonly prepare: (space: Space, t: ExecutionContext) => void | Promise<void>;
  readonly argv: readonly string[];
  /** What is left of either when it begins. */
  readonly left: Readonly<Record<Lack, number>>;
}

const MIB = 1 << 20;
const WITH_STEPS = (steps: string) => (space: Space) => {
  space.write('recipes/t/work.yaml', recipe('t/work', {steps}));
};

/** Bytes and files, neither of which two builds share. */
const LARGE = `mkdir -p "$DESTDIR/usr/share/many"
head -c 8000000 /dev/urandom > "$DESTDIR/usr/share/large"
for i in $(seq 600); do echo $i > "$DESTDIR/usr/share/many/$i"; done
`;

/** Ends well, with a disk on which nothing can be stored. */
const LEAVES_NOTHING = `${writes('work')}
head -c 12000000 /dev/urandom > "$DESTDIR/usr/share/large" 2> /dev/null || true
mkdir "$DESTDIR/many"
for i in $(seq 900); do : > "$DESTDIR/many/$i" 2> /dev/null || break; done
`;

const WORKS: Readonly<Record<string, Work>> = {
  'a fetch': {
    prepare: (space, t) => {
      const file = path.join(os.tmpdir(), `${path.basename(space.root)}.src`);
      fs.writeFileSync(file, Buffer.alloc(8 * MIB, path.basename(space.root)));
      t.teardown(() => fs.rmSync(file, {force: true}));
      const sha256 = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
      const sources = [{url: `file://${file}`, sha256, unpack: false}];
      space.write('recipes/t/work.yaml', recipe('t/work', {recipe: {sources}}));
    },
    argv: ['build', 'work'],
    left: {space: 4 * MIB, inodes: 3},
  },
  'a path source': {
    prepare: (space) => {
      for (let at = 0; at < 300; at += 1) {
        space.write(`src/${String(at)}`, Buffer.alloc(10_000, String(at)));
      }
      space.write(
        'recipes/t/work.yaml',
        recipe('t/work', {recipe: {sources: [{path: '../../src'}]}}),
      );
    },
    argv: ['build', 'work'],
    left: {space: 2 * MIB, inodes: 150},
  },
  'the start of a build': {
    prepare: WITH_STEPS(writes('work')),
    argv: ['build', 'work'],
    left: {space: 0, inodes: 0},
  },
  'a step': {
    prepare: WITH_STEPS(LARGE),
    argv: ['build', 'work'],
    left: {space: 6 * MIB, inodes: 400},
  },
  'capture and publish': {
    prepare: WITH_STEPS(LEAVES_NOTHING),
    argv: ['build', 'work'],
    left: {space: 10 * MIB, inodes: 800},
  },
  'a checkout of copies': {
    prepare: async (space) => {
      WITH_STEPS(LARGE)(space);
      await space.expect(0, ['build', 'work']);
    },
    argv: ['checkout', '--copy', 'work', 'out'],
    left: {space: 4 * MIB, inodes: 300},
  },
  'a switch': {
    prepare: async (space) => {
      WITH_STEPS(LARGE)(space);
      await space.expect(0, ['root', 'switch', 'sys', 'base', '--at', 'sys']);
      await space.expect(0, ['build', 'work']);
    },
    argv: ['root', 'switch', 'sys', 'work', '--copy'],
    left: {space: 4 * MIB, inodes: 300},
  },
  'an import': {
    prepare: async (space) => {
      await using other = Space.create(recipes({'t/work': {steps: LARGE}}));
      await other.expect(0, ['build']);
      await other.expect(0, ['store', 'export', '-o', 'work.tar', 'work']);
      fs.copyFileSync(other.at('work.tar'), space.at('work.tar'));
    },
    argv: ['store', 'import', 'work.tar'],
    left: {space: 4 * MIB, inodes: 300},
  },
};

for (const [name, {prepare, argv, left}] of Object.entries(WORKS)) {
  for (const lack of ['space', 'inodes'] as const) {
    test.serial(`no ${lack} left: ${name}`, async (t) => {
      const space = onSmallDisk(t);
      if (space === undefined) return;
      t.teardown(() => space[Symbol.asyncDispose]());
      await space.expect(0, ['build', 'base']);
      await prepare(space, t);
      const link = fs.existsSync(space.at('sys')) ? fs.readlinkSync(space.at('sys/current')) : '';
      exhaust(space, lack, left[lack]);
      const full = await space.expect(4, argv);
      t.is(full.stderr.split('store/full').length, 2, space.report());
      t.regex(full.stderr, /no space \(or no inode\) is left|almost no (space|inodes) is left/);
      t.regex(full.stderr, /recipes store gc/);
      t.deepEqual(remains(space), []);
      t.false(space.exists('out'));
      if (link !== '') t.is(fs.readlinkSync(space.at('sys/current')), link);
      await space.expect(0, ['store', 'verify', '--full']);
      await space.expect(0, ['store', 'gc', '--grace', '0s']);
      makeRoom(space);
      await space.expect(0, argv);
      await space.expect(0, ['store', 'verify', '--full']);
      t.deepEqual(remains(space), []);
    });
  }
}
