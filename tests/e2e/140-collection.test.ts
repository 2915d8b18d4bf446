/** gc by the command line: what it keeps, beside builds, on full disks; sizes, roots and pins. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {crowdSpace, runCrowd, variantOf} from '../support/crowd.ts';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipe, recipes, resultOf, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space, until} from '../support/space.ts';

interface GcRecord {
  readonly dryRun: boolean;
  readonly removed: readonly {
    readonly kind: string;
    readonly place: string;
    readonly bytes: number;
  }[];
  readonly bytes: number;
  readonly kept: number;
  readonly vanished: readonly string[];
}

const NOW = ['store', 'gc', '--grace', '0s'];

async function gc(space: Space, ...options: readonly string[]): Promise<GcRecord> {
  const {stdout} = await space.expect(0, [...NOW, '--json', ...options]);
  return JSON.parse(stdout) as GcRecord;
}

/** a ← b, and c beside them. */
function project(): Space {
  return Space.create(
    recipes({
      't/a': {},
      't/b': {needs: ['a'], steps: joins('b', ['a'])},
      't/c': {},
    }),
  );
}

test.serial('what the last good build came to stays, what came before goes', async (t) => {
  await using space = project();
  // Layers this small would be copied: there would be no farm.
  const env = {RECIPES_OVERLAY: 'always'};
  await space.expect(0, ['build'], {env});
  t.deepEqual((await gc(space)).removed, []);
  space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
  await space.expect(0, ['build'], {env});
  const {removed} = await gc(space);
  const kinds = removed.map((one) => one.kind);
  // The old a and b: records, trees, blobs, logs, and the farm of a.
  t.deepEqual(kinds.filter((kind) => kind === 'tree').length, 2);
  t.true(kinds.includes('farm') && kinds.includes('log') && kinds.includes('blob'));
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, []);
  t.deepEqual((await gc(space)).removed, []);
  t.deepEqual(remains(space), []);
});

test.serial('--dry-run lists the same, and does nothing', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
  await space.expect(0, ['build']);
  const said = await gc(space, '--dry-run');
  t.true(said.removed.length > 5);
  t.deepEqual(await gc(space, '--dry-run'), said);
  const text = await space.expect(0, [...NOW, '--dry-run']);
  t.deepEqual(await gc(space), {...said, dryRun: false});
  t.deepEqual(
    text.stdout.trimEnd().split('\n'),
    said.removed.map((one) => one.place),
  );
  for (const {place} of said.removed) t.false(space.exists(`.recipes/${place}`), place);
});

test.serial('builds of some targets are kept beside those of others', async (t) => {
  await using space = project();
  await space.expect(0, ['build', 'c']);
  await space.expect(0, ['build', 'b']);
  t.deepEqual((await gc(space)).removed, []);
  await space.expect(0, ['build']);
  const {stdout} = await space.expect(0, ['store', 'roots', '--json']);
  const {roots} = JSON.parse(stdout) as {roots: readonly {builds: readonly unknown[]}[]};
  t.is(roots[0]?.builds.length, 1);
});

test.serial('what has no recipe any more is not kept, nor what was built beside it', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  fs.rmSync(space.at('recipes/t/c.yaml'));
  space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
  await space.expect(0, ['build']);
  const {removed} = await gc(space);
  // The old a and b, and c.
  t.is(removed.filter((one) => one.kind === 'tree').length, 3);
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, []);
});

test.serial('a failed build keeps nothing, and takes nothing from the last good one', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  space.edit('recipes/t/c.yaml', 'mkdir', 'exit 3; mkdir');
  await space.expect(1, ['build']);
  t.true(fs.readdirSync(space.at('.recipes/failed')).length === 1);
  const {removed} = await gc(space);
  t.deepEqual([...new Set(removed.map((one) => one.kind))], ['record', 'log', 'failed']);
  space.edit('recipes/t/c.yaml', 'exit 3; mkdir', 'mkdir');
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, []);
  t.deepEqual(remains(space), []);
});

test.serial('a build that changes nothing writes nothing', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  const root = fs.readdirSync(space.at('.recipes/roots/projects'))[0] ?? '';
  const facts = (): fs.Stats => fs.statSync(space.at(`.recipes/roots/projects/${root}`));
  const before = facts();
  await space.expect(0, ['build']);
  t.is(facts().ino, before.ino);
  t.is(facts().ctimeMs, before.ctimeMs);
});

test.serial('young things stay: the usual grace is an hour', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
  await space.expect(0, ['build']);
  const {stderr, stdout} = await space.expect(0, ['store', 'gc']);
  t.is(stdout, '');
  t.regex(stderr, /^0 things, 0 B removed/);
  t.deepEqual((await gc(space, '--older-than', '1d')).removed, []);
  t.true((await gc(space, '--max-size', '0B')).removed.length > 0);
});

test.serial('pins keep; unpinned it goes', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  await space.expect(0, ['store', 'pin', 'b', '--as', 'old-b']);
  space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
  await space.expect(0, ['build']);
  t.deepEqual(
    (await gc(space)).removed.filter((one) => one.kind === 'tree'),
    [],
  );
  const {stdout} = await space.expect(0, ['store', 'roots']);
  t.regex(stdout, /^pin +old-b {2}t\/b {2}\d{4}-/m);
  t.regex(stdout, /^project +[0-9a-f]{16} {2}.*recipes\.config\.yaml {2}3 targets/m);
  await space.expect(0, ['store', 'unpin', 'old-b']);
  t.true((await gc(space)).removed.some((one) => one.kind === 'tree'));
  const {stderr} = await space.expect(2, ['store', 'unpin', 'old-b']);
  t.regex(stderr, /store\/unknown-pin/);
  await space.expect(2, ['store', 'pin', 'b', '--as', '../x']);
  await space.expect(2, ['store', 'gc', '--grace', 'soon']);
  await space.expect(2, ['store', 'gc', '--max-size', 'big']);
});

test.serial('a project that is gone keeps nothing, and is named', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  await using other = Space.create({
    ...recipes({'t/d': {}}),
    'recipes.config.yaml': `store: {path: ${JSON.stringify(space.at('.recipes'))}}\n`,
  });
  await other.expect(0, ['build']);
  t.deepEqual((await gc(space)).removed, []);
  fs.unlinkSync(other.at('recipes.config.yaml'));
  const done = await gc(space);
  t.deepEqual(done.vanished, [fs.realpathSync(other.root) + '/recipes.config.yaml']);
  t.true(done.removed.some((one) => one.kind === 'tree'));
});

test.serial('refuses when a root cannot be read, and says which', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
  await space.expect(0, ['build']);
  const root = fs.readdirSync(space.at('.recipes/roots/projects'))[0] ?? '';
  fs.appendFileSync(space.at(`.recipes/roots/projects/${root}`), ' ');
  for (const options of [[], ['--dry-run']]) {
    const {stderr} = await space.expect(4, [...NOW, ...options]);
    t.regex(stderr, /store\/bad-root/);
    t.true(stderr.includes(`roots/projects/${root}`));
  }
  // A build of everything writes it anew.
  await space.expect(0, ['build']);
  t.true((await gc(space)).removed.length > 0);
});

test.serial('sources stay with what was built from them', async (t) => {
  await using space = Space.create({'src/x': 'one\n'});
  const source = space.at('tarball');
  fs.writeFileSync(source, 'content\n');
  const sha256 = spawnSync('sha256sum', [source], {encoding: 'utf8'}).stdout.slice(0, 64);
  const sources = [{url: `file://${source}`, sha256, unpack: false}, {path: '../../src'}];
  space.write('recipes/t/a.yaml', recipe('t/a', {recipe: {sources}}));
  await space.expect(0, ['build']);
  fs.unlinkSync(source);
  t.deepEqual((await gc(space)).removed, []);
  await space.expect(0, ['build', '--force', '--offline']);
  space.write('src/x', 'two\n');
  await space.expect(0, ['build']);
  t.true((await gc(space)).removed.length > 0);
});

// --- beside builds ---------------------------------------------------------------------------------

test.serial('a running build keeps what it uses, also one that is stopped', async (t) => {
  await using space = Space.create(
    recipes({
      't/a': {},
      't/wait': {needs: ['a'], steps: {wait: puppetStep('wait'), install: joins('wait', ['a'])}},
    }),
  );
  await space.expect(0, ['build', 'a']);
  const building = space.start(['build', 'wait', '--json']);
  await new Puppet(space, 'wait').begun();
  // No root leads to a any more.
  fs.rmSync(space.at('.recipes/roots/projects'), {recursive: true});
  building.child.kill('SIGSTOP');
  t.deepEqual((await gc(space)).removed, []);
  building.child.kill('SIGCONT');
  await new Puppet(space, 'wait').go();
  const ran = await building.ended;
  t.is(ran.status, 0, space.report());
  t.deepEqual((await gc(space)).removed, []);
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, []);
  t.deepEqual(remains(space), []);
});

test.serial('what a killed build had named goes', async (t) => {
  await using space = Space.create(
    recipes({
      't/a': {},
      't/wait': {needs: ['a'], steps: {wait: puppetStep('wait'), install: writes('wait')}},
    }),
  );
  const building = space.start(['build', 'wait']);
  await new Puppet(space, 'wait').begun();
  building.child.kill('SIGKILL');
  await building.ended;
  await until('its processes are gone', () => remains(space).every((one) => !/^\d+ /.test(one)));
  const {removed} = await gc(space);
  t.true(removed.some((one) => one.kind === 'tree'));
  t.deepEqual(remains(space), []);
});

test.serial('gc waits for another gc and says for whom; --no-wait does not', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  // Somebody with the claim: a run file that is locked, and its second name.
  const runFile = space.at('.recipes/runs/1-00000000');
  const script = 'ln "$1" "$2"; echo ready; read -r line; rm "$2"';
  fs.writeFileSync(runFile, '{"pid":1}');
  const held = spawnHolder(t, runFile, script, space.at('.recipes/claims/gc'));
  await until('it is held', () => space.exists('.recipes/claims/gc'));
  const refused = await space.expect(4, [...NOW, '--no-wait']);
  t.regex(refused.stderr, /store\/locked/);
  const waiting = space.start(NOW);
  await until('it says so', () => /waiting for another run \(pid 1\)/.test(waiting.output()));
  held();
  t.is((await waiting.ended).status, 0, space.report());
});

function spawnHolder(t: ExecutionContext, file: string, script: string, claim: string): () => void {
  const fifo = `${file}.fifo`.replace('/runs/', '/aux/');
  spawnSync('mkfifo', [fifo]);
  const words = ['-c', `flock ${file} sh -c '${script}' sh ${file} ${claim} < ${fifo} &`];
  spawnSync('sh', words, {stdio: 'ignore'});
  const fd = fs.openSync(fifo, fs.constants.O_RDWR);
  t.teardown(() => fs.closeSync(fd));
  return () => void fs.writeSync(fd, 'go\n');
}

test.serial('8 processes build one graph: each node once in total, the same ids', async (t) => {
  await using space = crowdSpace(undefined, 0);
  const all = await Promise.all(
    Array.from({length: 8}, () => space.run(['build', '--json', '-j2'])),
  );
  t.true(
    all.every((ran) => ran.status === 0),
    space.report(),
  );
  const results = all.map(resultOf);
  const executed = results.flatMap((one) => one.executed);
  t.deepEqual(executed.sort(), Object.keys(variantOf(0)).sort());
  for (const one of results) t.deepEqual(one.targets, results[0]?.targets);
  t.deepEqual(remains(space), []);
});

test.serial(
  'builders and gc at one store: nothing is missing, nobody waits for ever',
  async (t) => {
    t.timeout(300_000);
    const report = await runCrowd({builders: 4, collectors: 1, verifiers: 1, seconds: 15});
    t.log(JSON.stringify({...report, troubles: report.troubles.length}));
    t.deepEqual(report.troubles, []);
    t.true((report.runs['store gc'] ?? 0) > 1 && report.removed > 0);
  },
);

// --- space -----------------------------------------------------------------------------------------

/** A project on a small disk of its own; undefined where it cannot be had. */
function onSmallDisk(t: ExecutionContext, options: string): Space | undefined {
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-small-'));
  fs.chmodSync(at, 0o755);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at]);
  t.teardown(() => {
    spawnSync('umount', ['-l', at]);
    fs.rmSync(at, {recursive: true, force: true});
  });
  if (mounted.status !== 0) return undefined;
  return Space.create(recipes({'t/a': {steps: large('a', 1)}, 't/b': {}}), at);
}

/** Some MiB of bytes that tell the version. */
function large(name: string, version: number): string {
  return (
    `mkdir -p "$DESTDIR/usr/share"\n` +
    `head -c 4000000 /dev/zero | tr '\\0' '${String(version)}' > "$DESTDIR/usr/share/${name}"\n`
  );
}

function fill(space: Space): void {
  spawnSync('sh', ['-c', 'cat /dev/zero > "$1"', 'sh', space.at('fill')]);
}

function skip(t: ExecutionContext, missing: string): void {
  t.log(`SKIPPED: ${missing}`);
  t.pass();
}

test.serial('gc works on a disk that is full to the last byte', async (t) => {
  const space = onSmallDisk(t, 'size=48m,mode=755');
  if (space === undefined) return skip(t, 'root, to mount a small disk');
  t.teardown(() => space[Symbol.asyncDispose]());
  await space.expect(0, ['build']);
  space.write('recipes/t/a.yaml', recipe('t/a', {steps: large('a', 2)}));
  await space.expect(0, ['build']);
  t.true(space.exists('.recipes/reserve'));
  fill(space);
  const full = await space.expect(4, ['build', '--force']);
  t.regex(full.stderr, /store\/full/);
  t.regex(full.stderr, /recipes store gc/);
  const {bytes} = await gc(space);
  t.true(bytes > 4_000_000);
  fs.unlinkSync(space.at('fill'));
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, []);
  t.true(space.exists('.recipes/reserve'));
});

test.serial('with little space left a build collects first, and says so', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
  await space.expect(0, ['build']);
  space.write('recipes.config.yaml', 'store: {gc: {min-free: 900TiB}}\n');
  // Nothing to do, nothing to collect for.
  t.notRegex((await space.expect(0, ['build'])).stderr, /disk of the store/);
  space.edit('recipes/t/c.yaml', "echo '", "echo 'x");
  const {stderr} = await space.expect(0, ['build']);
  // All of it is younger than an hour.
  t.regex(stderr, /only .* are free on the disk of the store: removed 0 unused things/);
  space.write('recipes.config.yaml', 'store: {gc: {min-free: 0}}\n');
  space.edit('recipes/t/c.yaml', "echo '", "echo 'y");
  t.notRegex((await space.expect(0, ['build'])).stderr, /disk of the store/);
});

test.serial('sizes: by artifact, own and shared, and by part', async (t) => {
  await using space = project();
  await space.expect(2, ['store', 'size', 'nothing']);
  await space.expect(1, ['store', 'size', 'a']);
  await space.expect(0, ['build']);
  const {stdout} = await space.expect(0, ['store', 'size', '--json']);
  const sizes = JSON.parse(stdout) as {
    artifacts: readonly {label: string; own: number; shared: number}[];
    parts: readonly {part: string; bytes: number}[];
    total: number;
  };
  t.deepEqual(
    sizes.artifacts.map((one) => one.label),
    ['t/a', 't/b', 't/c'],
  );
  // b has the same file content as a, under another name.
  t.deepEqual(
    sizes.artifacts.map((one) => one.own > 0),
    [false, false, true],
  );
  t.true(sizes.parts.some((one) => one.part === 'files' && one.bytes > 0));
  t.is(
    sizes.total,
    sizes.parts.reduce((sum, one) => sum + one.bytes, 0),
  );
  const text = await space.expect(0, ['store', 'size', 'b']);
  t.regex(text.stdout, /own +shared +artifact\n.* t\/b\n$/);
});
