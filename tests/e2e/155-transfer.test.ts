/** Artifacts as one file: out of one store, into another, whole or not at all. */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {joins, recipes, resultOf} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {cleanEnv, MAIN, Space} from '../support/space.ts';

/** c needs b when it runs; b needs a only when it is built. */
const PROJECT = recipes({
  't/a': {},
  't/b': {needs: [{build: 'a', for: 'build'}], steps: joins('b', ['a'])},
  't/c': {needs: [{build: 'b', for: 'run'}]},
});

function project(): Space {
  return Space.create(PROJECT);
}

/** Every name below the store's folders of objects, with what it has in it. */
function contentOf(space: Space): Record<string, string> {
  const found: Record<string, string> = {};
  for (const kind of ['files', 'trees', 'records']) {
    const top = space.at(`.recipes/${kind}`);
    const names = fs.existsSync(top)
      ? fs.readdirSync(top, {recursive: true, encoding: 'utf8'})
      : [];
    for (const name of names.sort()) {
      const file = path.join(top, name);
      if (!fs.statSync(file).isFile()) continue;
      found[`${kind}/${name}`] = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    }
  }
  return found;
}

test.serial('what is exported is the closure to run, the same bytes each time', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  await space.expect(0, ['store', 'export', 'c', '-o', 'one.tar']);
  const {stdout} = await space.expect(0, ['store', 'export', 'c', '-o', 'two.tar', '--json']);
  t.deepEqual((JSON.parse(stdout) as {artifacts: string[]}).artifacts.sort(), ['t/b', 't/c']);
  t.deepEqual(fs.readFileSync(space.at('one.tar')), fs.readFileSync(space.at('two.tar')));
  const listed = spawnSync('tar', ['-tf', space.at('one.tar')], {encoding: 'utf8'});
  t.is(listed.status, 0, listed.stderr);
  t.regex(listed.stdout, /^recipes-export\n(files\/.+\n){2}(trees\/.+\n){2}(records\/.+\n){2}$/);
  await space.expect(0, ['store', 'export', 'c', '--with-build', '-o', 'all.tar']);
  const all = spawnSync('tar', ['-tf', space.at('all.tar')], {encoding: 'utf8'});
  t.is(all.stdout.match(/^records/gm)?.length, 3);
});

test.serial('imported into an empty store: fresh there, and not built again', async (t) => {
  await using space = project();
  await using other = project();
  await space.expect(0, ['build']);
  await space.expect(0, ['store', 'export', 'c', 'b', '--with-build', '-o', 'all.tar']);
  const {stdout} = await other.expect(0, ['store', 'import', space.at('all.tar')]);
  t.is(stdout, 't/a\nt/b\nt/c\n');
  const built = resultOf(await other.expect(0, ['build', '--json']));
  t.deepEqual(built.executed, []);
  t.deepEqual(contentOf(other), contentOf(space));
  await other.expect(0, ['store', 'verify', '--full']);
  await other.expect(0, ['checkout', 'c', 'out', '--with-run']);
  t.is(fs.readFileSync(other.at('out/usr/share/b'), 'utf8'), 'a\n');
  const again = await other.expect(0, ['store', 'import', space.at('all.tar'), '--json']);
  const {files, trees, records} = JSON.parse(again.stdout) as Record<string, number>;
  t.deepEqual({files, trees, records}, {files: 0, trees: 0, records: 0});
  t.deepEqual(remains(other), []);
});

test.serial('only a file gives way to an export, and trouble is told of its place', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  fs.mkdirSync(space.at('folder'));
  fs.symlinkSync('/dev/null', space.at('device'));
  spawnSync('mkfifo', [space.at('fifo')]);
  for (const name of ['folder', 'device', 'fifo']) {
    const before = fs.lstatSync(space.at(name)).ino;
    const ran = await space.expect(2, ['store', 'export', 'c', '-o', name]);
    t.true(ran.stderr.includes(space.at(name)), ran.stderr);
    t.is(fs.lstatSync(space.at(name)).ino, before, name);
  }
  const full = spawnSync(
    'sh',
    ['-c', `exec "$@" > /dev/full`, 'sh', process.execPath, MAIN].concat([
      'store',
      'export',
      'c',
      '-o',
      '-',
    ]),
    {cwd: space.root, env: cleanEnv(), encoding: 'utf8'},
  );
  t.is(full.status, 4, full.stderr);
  t.regex(full.stderr, /cannot write standard output/);
  const ran = await space.expect(4, ['store', 'import', 'folder']);
  t.true(ran.stderr.includes(`${space.at('folder')} is a folder`), ran.stderr);
  t.deepEqual(remains(space), []);
});

test.serial('from one process to the other, without a file', async (t) => {
  await using space = project();
  await using other = project();
  await space.expect(0, ['build']);
  const script = `"$1" "$2" store export c -o - | "$1" "$2" -C "$3" store import -`;
  const ran = spawnSync('bash', ['-ec', script, 'bash', process.execPath, MAIN, other.root], {
    cwd: space.root,
    encoding: 'utf8',
    env: cleanEnv(),
  });
  t.is(ran.status, 0, ran.stderr);
  t.is(ran.stdout, 't/b\nt/c\n');
  await other.expect(0, ['store', 'verify', '--full']);
});

test.serial('whatever is wrong with the file, the store stays as it was', async (t) => {
  await using space = project();
  await using other = project();
  await space.expect(0, ['build']);
  await space.expect(0, ['store', 'export', 'c', '--with-build', '-o', 'all.tar']);
  const good = fs.readFileSync(space.at('all.tar'));
  await other.expect(0, ['build', 'a']);
  const before = contentOf(other);
  const head = Buffer.from(good);
  head.write('recipes-exporT', 0);
  const bad: Readonly<Record<string, Buffer>> = {
    'nothing in it': Buffer.alloc(0),
    text: Buffer.from('hello\n'.repeat(200)),
    'another tar': spawnSync('tar', ['-cf', '-', 'recipes'], {cwd: space.root}).stdout,
    'cut in a file': good.subarray(0, 5000),
    'cut before the end': good.subarray(0, good.length - 1024),
    'something after the end': Buffer.concat([good, Buffer.from('x')]),
    'another first name': head,
    'one bit of a file': flipped(good, good.indexOf('files/') + 512),
    'one bit of a manifest': flipped(good, good.indexOf('trees/') + 600),
    'one bit of a record': flipped(good, good.indexOf('records/') + 700),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    other.write('bad.tar', bytes);
    const ran = await other.run(['store', 'import', 'bad.tar']);
    t.is(ran.status, 4, `${what}: ${ran.stdout}`);
    t.regex(ran.stderr, /store\/bad-export/, what);
    t.deepEqual(contentOf(other), before, what);
    t.deepEqual(fs.readdirSync(other.at('.recipes/tmp')), [], what);
    t.log(`${what}: ${ran.stderr.split('\n')[1]?.trim() ?? ''}`);
  }
  const gone = await other.expect(4, ['store', 'import', 'no.tar']);
  t.regex(gone.stderr, /store\/bad-export\n.*cannot read .*no\.tar/);
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

test.serial(
  'an import that is killed at any point leaves nothing wrong, and can be repeated',
  async (t) => {
    await using space = project();
    await using other = project();
    await space.expect(0, ['build']);
    await space.expect(0, ['store', 'export', 'c', '--with-build', '-o', 'all.tar']);
    const importing = ['store', 'import', space.at('all.tar')];
    let point = 1;
    for (; point < 1000; point += 5) {
      fs.rmSync(other.at('.recipes'), {recursive: true, force: true});
      const ran = await other.run(importing, {env: {RECIPES_CRASH_AT: String(point)}});
      if (ran.signal === null) break;
      const made = other.exists('.recipes/VERSION');
      if (made) await other.expect(0, ['store', 'verify', '--full']);
      await other.expect(0, importing);
      await other.expect(0, ['store', 'verify', '--full']);
      t.deepEqual(contentOf(other), contentOf(space), `point ${String(point)}`);
    }
    t.true(point > 50, `only ${String(point)} points`);
    t.log(`${String(point)} points, every fifth`);
  },
);

test.serial('a damaged store exports nothing of it', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  const {tree} = JSON.parse((await space.expect(0, ['show', 'b', '--json'])).stdout) as {
    tree: string;
  };
  const manifest = space.read(`.recipes/trees/${tree.slice(0, 2)}/${tree.slice(2)}`);
  const blob = /sha256digest=(\S+)/.exec(manifest)?.[1] ?? '';
  const file = space.at(`.recipes/files/${blob.slice(0, 2)}/${blob.slice(2)}.644`);
  fs.writeFileSync(file, 'z\n');
  fs.utimesSync(file, 1, 1);
  const ran = await space.expect(4, ['store', 'export', 'c', '-o', 'c.tar']);
  t.regex(ran.stderr, /store\/(damaged|corrupt)/);
  t.false(space.exists('c.tar'));
  t.deepEqual(
    fs.readdirSync(space.root).filter((name) => name.startsWith('c.tar')),
    [],
  );
});
