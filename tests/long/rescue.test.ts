/**
 * `lfs/rescue`, made from source, started: a prompt, a program compiled inside; changed, it shows
 * that; rolled back, what was before. Only where it is built already, which takes an hour: in the
 * store of this project, or in the one that RECIPES_TEST_STORE names.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {stringify} from 'yaml';
import {bootOptions} from '../support/bootable.ts';
import {Space} from '../support/space.ts';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const STORE = process.env['RECIPES_TEST_STORE'] ?? path.join(PROJECT, '.recipes');

/** Without KVM a machine takes its time, and so does a compiler in it. */
const PATIENCE = '300s';

const HELLO = '#include <stdio.h>\nint main(void) { printf("%d\\n", 6 * 7); }\n';

/** What is typed has no prompt of its own in the way of what is expected. */
const COMPILED = [
  {expect: 'Rescue, made from Linux From Scratch'},
  {expect: 'rescue:~# ', send: "cat > /tmp/x.c <<'EOF'\n"},
  {expect: '> ', send: `${HELLO}EOF\n`},
  {expect: 'rescue:~# ', send: 'gcc -O2 -Wall -o /tmp/x /tmp/x.c && /tmp/x\n'},
  {expect: '\n42\n'},
  {expect: 'rescue:~# ', send: 'uname -sr; poweroff\n'},
  {match: 'Linux 6\\.12\\.\\d+'},
];

/** The project's own recipes in a folder of their own, and the store where it is built. */
function copyOfProject(): Space {
  const space = Space.create();
  fs.cpSync(path.join(PROJECT, 'recipes'), space.at('recipes'), {recursive: true});
  const config = fs.readFileSync(path.join(PROJECT, 'recipes.config.yaml'), 'utf8');
  space.write('recipes.config.yaml', `${config}store: {path: ${JSON.stringify(STORE)}}\n`);
  return space;
}

async function whyNot(space: Space): Promise<string | undefined> {
  for (const program of ['qemu-system-x86_64', 'mke2fs']) {
    if (spawnSync(program, ['--version']).error !== undefined) return program;
  }
  if (!fs.existsSync(STORE)) return `lfs/rescue in ${STORE} (recipes build lfs/rescue)`;
  const shown = await space.run(['files', 'lfs/rescue']);
  return shown.status === 0 ? undefined : `lfs/rescue in ${STORE} (recipes build lfs/rescue)`;
}

function talk(space: Space, steps: readonly object[]): readonly string[] {
  space.write('talk.yaml', stringify({timeout: PATIENCE, steps}, {lineWidth: 0}));
  return [...bootOptions(), '--expect', 'talk.yaml'];
}

const shows = (motd: string, hidden: string): readonly object[] => [
  {expect: motd},
  {expect: 'rescue:~# ', send: `grep -c ${hidden} /usr/sbin/init; poweroff\n`},
  {expect: '\n0\n'},
];

test.serial('it boots, compiles, changes and goes back', async (t) => {
  t.timeout(3_000_000);
  await using space = copyOfProject();
  const missing = await whyNot(space);
  if (missing !== undefined) {
    t.log(`SKIPPED: ${missing}`);
    return t.pass();
  }
  // The image as it is exported, whole; then the same system started.
  await space.expect(0, ['export', 'lfs/rescue', '--as', 'ext4', '-o', 'rescue.img']);
  const checked = spawnSync('e2fsck', ['-f', '-n', space.at('rescue.img')], {encoding: 'utf8'});
  t.is(checked.status, 0, checked.stdout);
  t.log(checked.stdout.trim().split('\n').at(-1) ?? '');
  fs.rmSync(space.at('rescue.img'));
  const compiled = await space.expect(0, ['boot', 'lfs/rescue', ...talk(space, COMPILED)]);
  t.log(compiled.stderr.trim().split('\n').at(-1) ?? '');

  await space.expect(0, ['root', 'switch', 'mine', 'lfs/rescue']);
  // One file of one layer: the first process says something more.
  space.edit(
    'recipes/lfs/rescue/init.c',
    'mount_all();\n\tset_name',
    'mount_all();\n\tputs("init: changed by hand");\n\tset_name',
  );
  const {stderr} = await space.expect(0, ['root', 'switch', 'mine', 'lfs/rescue']);
  t.regex(stderr, /2 built/);
  const changed = talk(space, shows('init: changed by hand', 'nowhere'));
  await space.expect(0, ['root', 'boot', 'mine', ...changed]);
  await space.expect(0, ['root', 'rollback', 'mine']);
  const before = talk(space, shows('Rescue, made from', 'changed'));
  await space.expect(0, ['root', 'boot', 'mine', ...before]);
});
