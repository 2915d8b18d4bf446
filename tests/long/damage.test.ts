/**
 * Every kind of file in a store, damaged in every way: `store verify` names what it is, whose and
 * who holds it; `--repair` brings back the very digests; what is only a cache harms nobody.
 */
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {joins, recipes, resultOf, writes} from '../support/recipes.ts';
import {Space} from '../support/space.ts';

const SOURCE = 'what was fetched\n';

/** t/base is made from a source, t/top from t/base. */
async function built(): Promise<Space> {
  const space = Space.create();
  space.write('place/source.txt', SOURCE);
  const sha256 = createHash('sha256').update(SOURCE).digest('hex');
  const url = `file://${space.at('place/source.txt')}`;
  const sketches = recipes({
    't/base': {
      recipe: {sources: [{url, sha256, unpack: false}]},
      steps: `${writes('base')}cp /build/source.txt "$DESTDIR/usr/share/"`,
    },
    't/top': {needs: ['base'], steps: joins('top', ['base', 'source.txt'])},
  });
  for (const [name, text] of Object.entries(sketches)) space.write(name, text);
  await space.expect(0, ['build', 'top']);
  return space;
}

interface Shown {
  readonly key: string;
  readonly tree: string;
  readonly sources: readonly {readonly digest: string}[];
}

async function show(space: Space, label: string): Promise<Shown> {
  return JSON.parse((await space.expect(0, ['show', label, '--json'])).stdout) as Shown;
}

const below = (folder: string, digest: string): string =>
  `${folder}/${digest.slice(0, 2)}/${digest.slice(2)}`;

/** The pool file of one of a tree's files, relative to the store. */
function blobOf(space: Space, tree: string, name: string): string {
  const manifest = space.read(`.recipes/${below('trees', tree)}`);
  const line = manifest.split('\n').find((one) => one.startsWith(`./usr/share/${name} `)) ?? '';
  return `${below('files', /sha256digest=(\S+)/.exec(line)?.[1] ?? '')}.644`;
}

type Damage = (file: string) => void;

/** Where there is time and mode to keep, they are kept: only the bytes give the damage away. */
function keepingFacts(file: string, change: () => void): void {
  const stat = fs.statSync(file);
  fs.chmodSync(file, 0o600);
  change();
  fs.chmodSync(file, stat.mode & 0o7777);
  fs.utimesSync(file, stat.atime, stat.mtime);
}

const DAMAGES: Readonly<Record<string, Damage>> = {
  'one bit flipped': (file) => {
    keepingFacts(file, () => {
      const bytes = fs.readFileSync(file);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      fs.writeFileSync(file, bytes);
    });
  },
  'cut to half': (file) => {
    keepingFacts(file, () => {
      fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2));
    });
  },
  empty: (file) => {
    keepingFacts(file, () => {
      fs.truncateSync(file);
    });
  },
  deleted: () => undefined,
  'a link to /etc/passwd': (file) => {
    fs.symlinkSync('/etc/passwd', file);
  },
  'a fifo': (file) => execFileSync('mkfifo', [file]),
  'a folder': (file) => {
    fs.mkdirSync(file);
    fs.writeFileSync(path.join(file, 'inside'), '');
  },
};

const MADE = new Set(['a link to /etc/passwd', 'a fifo', 'a folder']);

function damage(space: Space, place: string, how: string): void {
  const file = space.at(`.recipes/${place}`);
  const there = fs.lstatSync(file, {throwIfNoEntry: false})?.isFile() === true;
  if (!there && !MADE.has(how)) throw new Error(`${place} is not there`);
  if (there && (MADE.has(how) || how === 'deleted')) fs.rmSync(file);
  DAMAGES[how]?.(file);
}

interface Verified {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly place: string;
    readonly severity: string;
    readonly artifacts: readonly string[];
    readonly inputOf: readonly string[];
    readonly keptBy: readonly string[];
  }[];
}

/** Everything is fresh, and what it was. */
async function unchanged(
  t: ExecutionContext,
  space: Space,
  trees: readonly Shown[],
): Promise<void> {
  const ran = resultOf(await space.expect(0, ['build', '--json', 'base', 'top']));
  t.deepEqual(ran.executed, []);
  t.deepEqual(
    ran.targets.map((one) => one.tree),
    trees.map((one) => one.tree),
  );
  await space.expect(0, ['store', 'verify', '--full']);
}

// --- content -------------------------------------------------------------------------------------

interface Content {
  readonly place: (space: Space, base: Shown, top: Shown) => string;
  /** Whose part it is, and whose input. */
  readonly artifacts: readonly string[];
  readonly inputOf: readonly string[];
  /** What a repair runs again. */
  readonly rebuilt: readonly string[];
}

const CONTENTS: Readonly<Record<string, Content>> = {
  'a file of an artifact': {
    place: (space, base) => blobOf(space, base.tree, 'base'),
    artifacts: ['t/base'],
    inputOf: [],
    rebuilt: ['t/base'],
  },
  'a source': {
    place: (_, base) => `${below('files', base.sources[0]?.digest ?? '')}.644`,
    artifacts: ['t/base'],
    inputOf: ['t/base'],
    rebuilt: [],
  },
  'the manifest of a tree': {
    place: (_, base) => below('trees', base.tree),
    artifacts: ['t/base'],
    inputOf: ['t/top'],
    rebuilt: ['t/base'],
  },
  'a record': {
    place: (_, __, top) => below('records', top.key),
    artifacts: ['t/top'],
    inputOf: [],
    rebuilt: ['t/top'],
  },
};

for (const [what, content] of Object.entries(CONTENTS)) {
  test.serial(`${what}: found, named, restored`, async (t) => {
    await using space = await built();
    const [base, top] = [await show(space, 't/base'), await show(space, 't/top')];
    const place = content.place(space, base, top);
    for (const how of Object.keys(DAMAGES)) {
      damage(space, place, how);
      const looked = await space.run(['store', 'verify', '--full', '--json']);
      // Nothing else names a record: a deleted one is not missed, and what it said is built again.
      if (what === 'a record' && how === 'deleted') {
        t.is(looked.status, 0, how);
        await space.expect(0, ['build', 'base', 'top']);
      } else {
        t.is(looked.status, 4, `${how}: ${looked.stdout}${looked.stderr}`);
        const {findings} = JSON.parse(looked.stdout) as Verified;
        const found = findings.find((one) => place.startsWith(one.place));
        t.truthy(found, `${how}: ${looked.stdout}`);
        t.deepEqual(found?.artifacts, content.artifacts, how);
        t.deepEqual(found?.inputOf, content.inputOf, how);
        t.deepEqual(found?.keptBy, [`project ${space.at('recipes.config.yaml')}`], how);
        await space.expect(0, ['store', 'verify', '--full', '--repair', '--yes']);
      }
      await unchanged(t, space, [base, top]);
      t.log(`${what}, ${how}: found and restored`);
    }
  });
}

// --- what is made again without a word ---------------------------------------------------------

const CACHES: readonly string[] = ['actions.log', 'choices.log', 'gc.lock', 'reserve'];

test.serial('logs, locks and caches: harmless, and made again', async (t) => {
  await using space = await built();
  const [base, top] = [await show(space, 't/base'), await show(space, 't/top')];
  // Layers this small would be copied: there would be no farm.
  const again = ['build', '--force', 'top'];
  const layered = {env: {RECIPES_OVERLAY: 'always'}};
  await space.expect(0, again, layered);
  const aux = fs
    .readdirSync(space.at('.recipes/aux'), {withFileTypes: true})
    .filter((one) => one.isFile())
    .map((one) => `aux/${one.name}`);
  const farms = fs.readdirSync(space.at('.recipes/farms')).map((one) => `farms/${one}`);
  const farm = farms.find((one) => space.exists(`.recipes/${one}/usr/share/base`));
  const logs = fs.readdirSync(space.at('.recipes/logs')).map((one) => `logs/${one}`);
  t.truthy(farm);
  const ofFarm = `${farm ?? ''}/usr/share/base`;
  for (const place of [...CACHES, ...aux, ...logs.slice(0, 1), ofFarm]) {
    for (const how of Object.keys(DAMAGES)) {
      if (!space.exists(`.recipes/${place}`)) await space.expect(0, again, layered);
      if (!space.exists(`.recipes/${place}`) && !MADE.has(how)) continue;
      // The farm's file is the pool's: with size and time kept, only hashing tells (see above).
      if (place === ofFarm && how === 'one bit flipped') continue;
      damage(space, place, how);
      const ran = resultOf(await space.expect(0, [...again, '--json'], layered));
      t.is(ran.targets[0]?.tree, top.tree);
      await space.expect(0, ['store', 'gc', '--grace', '0s']);
      const at = space.at(`.recipes/${place}`);
      if (fs.lstatSync(at, {throwIfNoEntry: false})?.isFile() === false) {
        fs.rmSync(at, {recursive: true});
      }
      t.log(`${place}, ${how}: harmless`);
    }
    await unchanged(t, space, [base, top]);
  }
});

test.serial('VERSION: refused plainly, nothing is changed', async (t) => {
  await using space = await built();
  const file = space.at('.recipes/VERSION');
  const before = fs.readFileSync(file);
  for (const how of Object.keys(DAMAGES)) {
    damage(space, 'VERSION', how);
    const ran = await space.run(['build']);
    if (how === 'deleted') t.is(ran.status, 0, 'a store whose making was cut off is finished');
    else {
      t.is(ran.status, 4, `${how}: ${ran.stderr}`);
      t.regex(ran.stderr, /store\/(version|unusable)/, how);
    }
    fs.rmSync(file, {recursive: true, force: true});
    fs.writeFileSync(file, before);
    t.log(`VERSION, ${how}: refused`);
  }
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, []);
});

test.serial('a root: gc refuses, verify names it, only a build ends it', async (t) => {
  await using space = await built();
  for (const how of Object.keys(DAMAGES).filter((one) => one !== 'deleted')) {
    const place = `roots/projects/${fs.readdirSync(space.at('.recipes/roots/projects'))[0] ?? ''}`;
    damage(space, place, how);
    if (how !== 'a folder') {
      const gc = await space.run(['store', 'gc', '--grace', '0s']);
      t.is(gc.status, 4, `${how}: ${gc.stdout}`);
      t.regex(gc.stderr, /store\/bad-root/, how);
      const looked = await space.expect(4, ['store', 'verify', '--json']);
      const {findings} = JSON.parse(looked.stdout) as Verified;
      t.deepEqual(
        findings.map((one) => one.place),
        [place],
        how,
      );
    }
    const left = await space.expect(4, ['store', 'verify', '--repair', '--yes']);
    t.regex(left.stdout, /: left, so that gc refuses: build the project again/, how);
    t.is((await space.run(['store', 'gc', '--grace', '0s'])).status, 4, how);
    await space.expect(0, ['build', 'top']);
    await space.expect(0, ['store', 'verify']);
    await space.expect(0, ['store', 'gc', '--grace', '0s']);
    t.deepEqual(resultOf(await space.expect(0, ['build', '--json', 'top'])).executed, []);
    t.log(`${place.slice(0, 14)}…, ${how}: found`);
  }
});

// --- without verify ------------------------------------------------------------------------------

test.serial('a build that uses what was touched makes it again and says so', async (t) => {
  await using space = await built();
  const base = await show(space, 't/base');
  fs.writeFileSync(space.at(`.recipes/${blobOf(space, base.tree, 'base')}`), 'something else');
  const ran = await space.expect(0, ['build', '--json', '--force', 'top']);
  t.deepEqual(resultOf(ran).executed, ['t/base', 't/top']);
  t.regex(ran.stderr, /store\/damaged/);
  t.regex(ran.stderr, /t\/base: usr\/share\/base/);
  t.is((await show(space, 't/base')).tree, base.tree);
  await space.expect(0, ['store', 'verify', '--full']);
});

test.serial('repair from a second store takes only what is right', async (t) => {
  await using space = await built();
  const [base, top] = [await show(space, 't/base'), await show(space, 't/top')];
  fs.cpSync(space.at('.recipes'), space.at('second'), {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
  });
  const place = blobOf(space, base.tree, 'base');
  damage(space, place, 'deleted');
  // Without recipe there is no other way to have it again.
  fs.rmSync(space.at('recipes'), {recursive: true});
  await space.expect(4, ['store', 'verify', '--repair', '--yes']);
  await space.expect(0, ['store', 'verify', '--repair', '--yes', '--from', 'second']);
  t.is(space.read(`.recipes/${place}`), 'base\n');
  await space.expect(0, ['store', 'verify', '--full']);
  t.truthy(top.tree);
});

test.serial('without --yes and without a terminal nothing is repaired', async (t) => {
  await using space = await built();
  const base = await show(space, 't/base');
  damage(space, blobOf(space, base.tree, 'base'), 'deleted');
  const ran = await space.expect(2, ['store', 'verify', '--repair']);
  t.regex(ran.stderr, /--yes/);
  await space.expect(4, ['store', 'verify']);
});
