/** Machines that cannot: full disks, stores that may not be written, a sandbox that is not to be had. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {joins, recipes, resultOf, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';

/** A command that mounts something for itself alone before it runs the rest. */
function mounting(script: string): readonly string[] {
  return ['unshare', '--mount', 'sh', '-ec', `${script}\nexec "$@"`, 'mounting'];
}

function mayMount(t: ExecutionContext): boolean {
  if (spawnSync('unshare', ['--mount', 'true']).status === 0) return true;
  t.log('skipped: mounting needs root');
  t.pass();
  return false;
}

const chain = (): Record<string, string> =>
  recipes({
    't/base': {},
    't/top': {needs: ['base'], steps: joins('top', ['base'])},
    't/large': {
      needs: ['base'],
      steps: `mkdir -p "$DESTDIR/usr"\nhead -c 200M /dev/zero > "$DESTDIR/usr/large"`,
    },
  });

test.serial('a disk that fills up while a step runs: exit 4, not remembered', async (t) => {
  if (!mayMount(t)) return;
  await using space = Space.create(chain());
  await space.expect(0, ['build', 'top']);
  const store = space.at('.recipes');
  const small = mounting(
    `mkdir ${store}.small; mount -t tmpfs -o size=100m,mode=700 small ${store}.small
cp -a ${store}/. ${store}.small; mount --bind ${store}.small ${store}`,
  );
  const {stderr} = await space.expect(4, ['build', '-k'], {through: small});
  t.regex(stderr, /t\/large .*by the machine: not remembered/);
  t.regex(stderr, /store\/full/);
});

test.serial('a disk that is full from the start', async (t) => {
  if (!mayMount(t)) return;
  await using space = Space.create(chain());
  fs.mkdirSync(space.at('.recipes'));
  const full = mounting(`mount -t tmpfs -o nr_inodes=8,mode=700 small ${space.at('.recipes')}`);
  const {stderr, stdout} = await space.expect(4, ['build'], {through: full});
  t.regex(stderr, /store\/full/);
  t.is(stdout, '');
});

test.serial('a store that may not be written', async (t) => {
  if (!mayMount(t)) return;
  await using space = Space.create(chain());
  await space.expect(0, ['build', 'base']);
  const store = space.at('.recipes');
  const readOnly = mounting(`mount --bind ${store} ${store}; mount -o remount,ro,bind ${store}`);
  const {stderr} = await space.expect(4, ['build', 'top'], {through: readOnly});
  t.regex(stderr, /store\/unusable/);
  t.regex(stderr, /read-only/i);
});

test.serial('a store of another version', async (t) => {
  await using space = Space.create(chain());
  await space.expect(0, ['build', 'base']);
  space.write('.recipes/VERSION', '99\n');
  const {stderr} = await space.expect(4, ['build', 'base']);
  t.regex(stderr, /store\/version/);
});

test.serial('a need whose files are damaged is told, and built again', async (t) => {
  await using space = Space.create(chain());
  await space.expect(0, ['build', 'base']);
  const shown = (await space.expect(0, ['show', 'base', '--json'])).stdout;
  const {tree: digest} = JSON.parse(shown) as {readonly tree: string};
  const tree = `.recipes/trees/${digest.slice(0, 2)}/${digest.slice(2)}`;
  fs.chmodSync(space.at(tree), 0o644);
  fs.appendFileSync(space.at(tree), 'x\n');
  const ran = await space.expect(0, ['build', 'top', '--json']);
  t.regex(ran.stderr, /store\/damaged\n {2}t\/base: its list of files .* is damaged/);
  t.deepEqual(resultOf(ran).executed, ['t/base', 't/top']);
});

test.serial('bubblewrap is missing: exit 5, and how to get it', async (t) => {
  if (!mayMount(t)) return;
  await using space = Space.create(chain());
  const hidden = mounting(
    `mkdir -p ${space.at('layer')}; mount -t tmpfs layer ${space.at('layer')}
cd ${space.at('layer')}; mkdir upper work; cd -
mount -t overlay -o lowerdir=/usr/bin,upperdir=${space.at('layer/upper')},workdir=${space.at('layer/work')} bin /usr/bin
rm /usr/bin/bwrap`,
  );
  const {stderr} = await space.expect(5, ['build', 'base'], {through: hidden});
  t.regex(stderr, /bwrap/);
  t.regex(stderr, /apt install .*bubblewrap/);
  t.deepEqual(remains(space), []);
  const doctor = await space.expect(5, ['doctor'], {through: hidden});
  t.regex(doctor.stdout, /^missing .*\n.*bubblewrap/m);
});

/** A user namespace with one ordinary user, in which no further one can be made. */
const NO_NAMESPACES = [
  ...['unshare', '--user', '--map-user=1000', '--map-group=1000', '--keep-caps'],
  ...[
    'sh',
    '-ec',
    'echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --inh-caps=-all "$@"',
  ],
  'off',
];

test.serial('user namespaces are switched off: exit 5, and how to switch them on', async (t) => {
  if (spawnSync(NO_NAMESPACES[0] ?? '', [...NO_NAMESPACES.slice(1), 'true']).status !== 0) {
    t.log('skipped: this user may not make a user namespace');
    t.pass();
    return;
  }
  await using space = Space.create(chain());
  const {stderr} = await space.expect(5, ['build', 'base'], {through: NO_NAMESPACES});
  t.regex(stderr, /machine\/user-namespaces/);
  t.regex(stderr, /max_user_namespaces/);
  const doctor = await space.expect(5, ['doctor'], {through: NO_NAMESPACES});
  t.regex(doctor.stdout, /^missing +user namespace: .*\n +.*max_user_namespaces/m);
  t.is((await space.expect(0, ['list'], {through: NO_NAMESPACES})).stdout.split('\n').length, 4);
});

test.serial('what is built already needs no sandbox', async (t) => {
  if (spawnSync(NO_NAMESPACES[0] ?? '', [...NO_NAMESPACES.slice(1), 'true']).status !== 0) {
    t.log('skipped: this user may not make a user namespace');
    t.pass();
    return;
  }
  await using space = Space.create({...recipes({'t/base': {steps: writes('base')}})});
  const plan = await space.expect(0, ['build', '-n', '--json'], {through: NO_NAMESPACES});
  t.is(JSON.parse(plan.stdout).plan[0].verdict, 'run');
});
