/** `export`: archives and folders that other tools read, with what the manifest says. */
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import test from 'ava';
import {EVERYTHING, EVERYTHING_STEPS} from '../support/everything.ts';
import {treeOf} from '../support/moved.ts';
import {recipes, writes} from '../support/recipes.ts';
import {Space} from '../support/space.ts';

const isRoot = process.getuid?.() === 0;

/** Names, kinds, modes, owners, targets, numbers of links, times; then extended attributes. */
function facts(folder: string): string {
  const script = `cd "$1"; find . -mindepth 1 -printf '%P %y %m %U:%G %l %n %T@\\n' | LC_ALL=C sort
    getfattr -R -h -d -m - -e hex . 2> /dev/null`;
  return execFileSync('sh', ['-c', script, 'sh', folder], {encoding: 'latin1'});
}

const LONG = 'l'.repeat(90);

test.serial('a tar archive says what the manifest says', async (t) => {
  if (!isRoot) {
    t.log('skipped: root, for owners and capabilities on disk');
    return t.pass();
  }
  const long = `mkdir -p "$DESTDIR/${LONG}/${LONG}"; echo deep > "$DESTDIR/${LONG}/${LONG}/file"
ln -s "${LONG}/${LONG}" "$DESTDIR/link"; ln "$DESTDIR/${LONG}/${LONG}/file" "$DESTDIR/${LONG}/other"
`;
  await using space = Space.create(
    recipes({'t/all': {...EVERYTHING, steps: `${long}${EVERYTHING_STEPS}`}}),
  );
  await space.expect(0, ['build']);
  await space.expect(0, ['export', 'all', '-o', 'one.tar']);
  await space.expect(0, ['export', 'all', '--as', 'dir', '-o', 'folder']);
  fs.mkdirSync(space.at('gnu'));
  fs.mkdirSync(space.at('bsd'));
  const all = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '-f', space.at('one.tar')];
  execFileSync('tar', ['-x', '-p', ...all, '-C', space.at('gnu')]);
  t.is(facts(space.at('gnu')), facts(space.at('folder')));
  const compared = spawnSync('tar', ['--compare', ...all, '-C', space.at('folder')]);
  t.is(`${String(compared.stdout)}${String(compared.stderr)}`, '');
  t.is(compared.status, 0);
  const tree = await treeOf(space, 'all');
  const manifest = space.at(`.recipes/trees/${tree.slice(0, 2)}/${tree.slice(2)}`);
  const sound = spawnSync('mtree', ['-f', manifest, '-p', space.at('folder')]);
  if (sound.error === undefined) t.is(`${String(sound.stdout)}${String(sound.stderr)}`, '');
  else t.log('skipped: mtree is missing');
  const bsd = spawnSync('bsdtar', ['-xp', '--numeric-owner', '-f', space.at('one.tar')], {
    cwd: space.at('bsd'),
  });
  if (bsd.error === undefined) t.is(facts(space.at('bsd')), facts(space.at('folder')));
  else t.log('skipped: bsdtar is missing');
});

test.serial('the same bytes twice, to a file or standard output', async (t) => {
  await using space = Space.create(recipes({'t/all': EVERYTHING}));
  await space.expect(0, ['build']);
  await space.expect(0, ['export', 'all', '-o', 'one.tar']);
  await space.expect(0, ['export', 'all', '--as', 'tar', '-o', 'two.tar']);
  const digest = (file: string): string =>
    execFileSync('sha256sum', [space.at(file)], {encoding: 'utf8'}).slice(0, 64);
  t.is(digest('one.tar'), digest('two.tar'));
  t.is(fs.statSync(space.at('one.tar')).size % 10_240, 0);
  const {stdout} = await space.expect(0, ['export', 'all', '-o', 'three.tar', '--json']);
  const {bytes} = JSON.parse(stdout) as {bytes: number};
  t.is(bytes, fs.statSync(space.at('three.tar')).size);
});

/** What debugfs(8) says of a path in an image. */
function inImage(image: string, path: string): string {
  const said = execFileSync('debugfs', ['-R', `stat "${path}"`, image], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, type = ''] = /Type: (\S+)/.exec(said) ?? [];
  const [, mode = ''] = /Mode: +(\d+)/.exec(said) ?? [];
  const [, uid = ''] = /User: +(\d+)/.exec(said) ?? [];
  const [, gid = ''] = /Group: +(\d+)/.exec(said) ?? [];
  const [, links = ''] = /Links: (\d+)/.exec(said) ?? [];
  return `${type} ${mode} ${uid}:${gid} ${links}`;
}

test.serial('an ext4 image without root: owners, setuid, hard links, attributes', async (t) => {
  if (spawnSync('mke2fs', ['-V']).error !== undefined) {
    t.log('skipped: mke2fs is missing');
    return t.pass();
  }
  await using space = Space.create(recipes({'t/all': EVERYTHING}));
  await space.expect(0, ['build']);
  const {stderr} = await space.expect(0, ['export', 'all', '--as', 'ext4', '-o', 'all.img']);
  t.regex(stderr, /an image of .* in .*all\.img/);
  const image = space.at('all.img');
  const checked = spawnSync('e2fsck', ['-f', '-n', image], {encoding: 'utf8'});
  t.is(checked.status, 0, checked.stdout);
  t.is(inImage(image, '/all'), 'directory 0755 0:0 9');
  t.is(inImage(image, '/all/setuid'), 'regular 04755 0:0 1');
  t.is(inImage(image, '/all/sticky'), 'directory 01777 0:0 2');
  t.is(inImage(image, '/all/one'), 'regular 0644 0:0 3');
  t.is(inImage(image, '/all/fifo'), 'FIFO 0644 0:0 1');
  const {stdout: list} = await space.expect(0, ['files', 'all']);
  if (!list.includes('no-owners')) t.is(inImage(image, '/all/owned'), 'regular 0644 3:4 1');
  const attributes = execFileSync('debugfs', ['-R', 'ea_get /all/marked user.note', image], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.regex(attributes, /61 0a 62 3d 63 5c 64/);
  // The holes of the image are holes of the file.
  const {blocks, size} = fs.statSync(image);
  t.true(blocks * 512 < size / 4);
  t.is(fs.statSync(image).uid, process.getuid?.() ?? -1);
  // Too small is said, and what was there stays.
  const small = await space.expect(5, [
    'export',
    'all',
    '--as',
    'ext4',
    '-o',
    'all.img',
    '--size',
    '200KiB',
  ]);
  t.regex(small.stderr, /store\/image/);
  t.is(fs.statSync(image).size, size);
  t.deepEqual(
    fs.readdirSync(space.at('.')).filter((name) => name.includes('partial')),
    [],
  );
});

test.serial('a disk with the image as its one partition, raw and as qcow2', async (t) => {
  if (spawnSync('mke2fs', ['-V']).error !== undefined) {
    t.log('SKIPPED: mke2fs');
    return t.pass();
  }
  await using space = Space.create(recipes({'t/all': EVERYTHING}));
  await space.expect(0, ['build']);
  const words = ['--size', '8MiB', '--json', '-o'];
  const made = await space.expect(0, ['export', 'all', '--as', 'disk', ...words, 'disk.img']);
  const {bytes} = JSON.parse(made.stdout) as {readonly bytes: number};
  const disk = space.at('disk.img');
  t.is(fs.statSync(disk).size, bytes);
  t.is(bytes, 10 * 2 ** 20);
  // The partition is the image that --as ext4 writes, but for its times.
  const part = spawnSync('dd', [`if=${disk}`, 'bs=1M', 'skip=1', 'count=8', 'of=part.img'], {
    cwd: space.root,
  });
  t.is(part.status, 0);
  const image = space.at('part.img');
  const checked = spawnSync('e2fsck', ['-f', '-n', image], {encoding: 'utf8'});
  t.is(checked.status, 0, checked.stdout);
  t.is(inImage(image, '/all/setuid'), 'regular 04755 0:0 1');
  // The same ids each time: they come from the tree.
  const ids = (file: string): Buffer => fs.readFileSync(file).subarray(0, 2 ** 20);
  await space.expect(0, ['export', 'all', '--as', 'disk', ...words, 'again.img']);
  t.deepEqual(ids(space.at('again.img')), ids(disk));

  const qcow = await space.run(['export', 'all', '--as', 'qcow2', ...words, 'disk.qcow2']);
  if (spawnSync('qemu-img', ['--version']).error !== undefined) {
    t.is(qcow.status, 5);
    t.regex(qcow.stderr, /machine\/missing-tool[^]*apt install qemu-utils/);
    t.log('SKIPPED: qemu-img');
    return;
  }
  t.is(qcow.status, 0, qcow.stderr);
  const info = spawnSync('qemu-img', ['info', space.at('disk.qcow2')], {encoding: 'utf8'});
  t.regex(info.stdout, /file format: qcow2\nvirtual size: 10 MiB/);
  t.deepEqual(
    fs.readdirSync(space.at('.')).filter((name) => name.includes('partial')),
    [],
  );
});

test.serial('with all it needs to run, and without', async (t) => {
  await using space = Space.create(
    recipes({'t/low': {steps: writes('low')}, 't/high': {steps: writes('high'), needs: ['low']}}),
  );
  await space.expect(0, ['build']);
  const names = async (...more: readonly string[]): Promise<readonly string[]> => {
    await space.expect(0, ['export', 'high', '-o', 'a.tar', ...more]);
    const list = execFileSync('tar', ['-tf', space.at('a.tar')], {encoding: 'utf8'});
    return list.trimEnd().split('\n');
  };
  t.deepEqual(await names(), ['usr/', 'usr/share/', 'usr/share/high']);
  t.deepEqual(await names('--with-run'), ['usr/', 'usr/share/', 'usr/share/high', 'usr/share/low']);
});

test.serial('what cannot be written is said, and leaves nothing', async (t) => {
  await using space = Space.create(recipes({'t/app': {steps: writes('app')}}));
  const stale = await space.expect(1, ['export', 'app', '-o', 'a.tar']);
  t.regex(stale.stderr, /target\/not-built/);
  await space.expect(0, ['build']);
  space.write('full/x', '');
  const full = await space.expect(2, ['export', 'app', '-o', 'full']);
  t.regex(full.stderr, /is there and is no file/);
  const there = await space.expect(2, ['export', 'app', '--as', 'dir', '-o', 'full']);
  t.regex(there.stderr, /is not empty/);
  const nowhere = await space.expect(2, ['export', 'app', '--as', 'dir']);
  t.regex(nowhere.stderr, /use -o FOLDER/);
  const gone = await space.expect(4, ['export', 'app', '-o', 'no/such/a.tar']);
  t.regex(gone.stderr, /no\/such/);
  const left = fs.readdirSync(space.at('.')).filter((name) => name.includes('.tar'));
  t.deepEqual(left, []);
});
