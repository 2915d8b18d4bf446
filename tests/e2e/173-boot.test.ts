/** Systems that are started: what they show, what is typed, what of it comes back after a rollback. */
import {spawnSync} from 'node:child_process';
import test, {type ExecutionContext} from 'ava';
import {stringify} from 'yaml';
import {addSystem, become, bootOptions, whyNoBoot} from '../support/bootable.ts';
import {SmallRoots} from '../support/small-root.ts';
import {until, type Space} from '../support/space.ts';

const roots = new SmallRoots();
const missing = whyNoBoot();
test.before(() => roots.prepare());
test.after.always(() => roots[Symbol.asyncDispose]());

/** Without KVM a machine takes a while; two at once take twice as long. */
const PATIENCE = '90s';

function dialogue(space: Space, steps: readonly object[]): readonly string[] {
  space.write('talk.yaml', stringify({timeout: PATIENCE, steps}));
  return [...(missing === undefined ? bootOptions() : []), '--expect', 'talk.yaml'];
}

/** A test of a system that is started, where one can be. */
function booting(title: string, use: (t: ExecutionContext, space: Space) => Promise<void>): void {
  test.serial(title, async (t) => {
    t.timeout(600_000);
    if (missing !== undefined) {
      t.log(`SKIPPED: ${missing}`);
      return t.pass();
    }
    await using space = roots.project({});
    addSystem(space, 'the first');
    await use(t, space);
  });
}

const shows = (motd: string): readonly object[] => [
  {expect: `${motd}\n`},
  {expect: 'ready# ', send: 'echo $((6 * 7)) > /var/lib/x; cat /var/lib/x /etc/hostname\n'},
  {expect: '42\ntest\n'},
];

booting(
  'a system boots; changed, it shows that; rolled back, what was before',
  async (t, space) => {
    await space.expect(0, ['root', 'switch', 'mine', 'sys']);
    const first = dialogue(space, shows('the first'));
    const {stdout, stderr} = await space.expect(0, ['boot', 'sys', ...first]);
    t.regex(stdout, /ready# /);
    t.regex(stderr, /3 of 3 steps happened/);

    become(space, 'the second');
    await space.expect(0, ['root', 'switch', 'mine', 'sys']);
    const second = dialogue(space, shows('the second'));
    await space.expect(0, ['root', 'boot', 'mine', ...second]);
    await space.expect(0, ['root', 'rollback', 'mine']);
    // What was written in /etc and /var of the profile is in the machine; not the other way round.
    space.write('roots/mine/current/etc/hostname', 'other\n');
    space.write('roots/mine/var/lib/kept', 'yes\n');
    const again = dialogue(space, [
      {expect: 'the first\n'},
      {expect: 'ready# ', send: 'cat /etc/hostname /var/lib/kept; ls /var/lib; poweroff\n'},
      {expect: 'other\nyes\nkept\n'},
    ]);
    await space.expect(0, ['root', 'boot', 'mine', ...again]);
  },
);

booting('what is not seen in time: exit 1 and the end of the console', async (t, space) => {
  await space.expect(0, ['build', 'sys']);
  space.write(
    'talk.yaml',
    stringify({
      steps: [
        {expect: 'ready# ', timeout: PATIENCE},
        {expect: 'never', timeout: '1s'},
      ],
    }),
  );
  const {stderr} = await space.expect(1, [
    'boot',
    'sys',
    ...bootOptions(),
    '--expect',
    'talk.yaml',
  ]);
  t.regex(stderr, /step 2: "never" was not seen within 1 s/);
  t.regex(stderr, /the first/);
  // A machine that has ended shows nothing more.
  const over = dialogue(space, [{expect: 'ready# ', send: 'poweroff\n'}, {expect: 'never'}]);
  const ended = await space.expect(1, ['boot', 'sys', ...over]);
  t.regex(ended.stderr, /"never" was not seen, and the machine has ended/);
});

booting('a signal ends the machine, and that is no step that was missed', async (t, space) => {
  await space.expect(0, ['build', 'sys']);
  const talk = dialogue(space, [{expect: 'never'}]);
  const running = space.start(['boot', 'sys', ...talk]);
  await until('it is up', () => running.output().includes('ready# '), 120);
  running.child.kill('SIGINT');
  const {status, stderr} = await running.ended;
  t.is(status, 130);
  t.notRegex(stderr, /boot\//);
});

test.serial('what is no kernel: QEMU says so, and it is no success', async (t) => {
  if (spawnSync('qemu-system-x86_64', ['--version']).error !== undefined) {
    t.log('SKIPPED: qemu-system-x86_64');
    return t.pass();
  }
  await using space = roots.project({});
  const files = {'/boot/vmlinuz': {text: 'no kernel\n'}};
  const root = {layers: ['base/shell'], files, boot: {kernel: '/boot/vmlinuz'}};
  space.write('recipes/t/sys.yaml', stringify({package: 'sys', version: '1', summary: 'x', root}));
  await space.expect(0, ['build', 'sys']);
  const talk = dialogue(space, [{expect: 'ready# '}]);
  const {stderr} = await space.expect(5, ['boot', 'sys', ...talk]);
  t.regex(stderr, /boot\/machine[^]*qemu-system-x86_64 ended with 1/);
  // A generation whose root has no /var gets as far.
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  const again = await space.expect(5, ['root', 'boot', 'mine', ...talk]);
  t.regex(again.stderr, /boot\/machine[^]*qemu-system-x86_64 ended with 1/);
});

test.serial('roots that cannot be started, dialogues that are none', async (t) => {
  await using space = roots.project({});
  const write = (boot: object | undefined): void => {
    const root = {layers: ['base/shell'], ...(boot === undefined ? {} : {boot})};
    space.write(
      'recipes/t/sys.yaml',
      stringify({package: 'sys', version: '1', summary: 'x', root}),
    );
  };
  write(undefined);
  await space.expect(0, ['build', 'sys']);
  const unsaid = await space.expect(1, ['boot', 'sys']);
  t.regex(unsaid.stderr, /boot\/no-kernel[^]*t\/sys does not say how it is started/);
  write({kernel: '/boot/vmlinuz'});
  const none = await space.expect(1, ['boot', 'sys']);
  t.regex(none.stderr, /t\/sys has no file \/boot\/vmlinuz/);
  space.write('talk.yaml', 'steps: [{expct: x}]\n');
  const wrong = await space.expect(3, ['boot', 'sys', '--expect', 'talk.yaml']);
  t.regex(wrong.stderr, /talk\.yaml:1:10[^]*there is no field `expct` here/);
  space.write('talk.yaml', 'steps: [{expect: x, match: y}]\n');
  const both = await space.expect(3, ['boot', 'sys', '--expect', 'talk.yaml']);
  t.regex(both.stderr, /talk\.yaml:1:9[^]*a step waits for one thing, which expect or match tells/);
  space.write('talk.yaml', 'steps: [{match: "("}]\n');
  const pattern = await space.expect(2, ['boot', 'sys', '--expect', 'talk.yaml']);
  t.regex(pattern.stderr, /\( is no regular expression/);
  const gone = await space.expect(3, ['boot', 'sys', '--expect', 'nothing.yaml']);
  t.regex(gone.stderr, /nothing\.yaml/);
  const unbuilt = await space.expect(2, ['boot', 'base/nothing']);
  t.regex(unbuilt.stderr, /base\/nothing/);
});
