/** Switching profiles beside other processes, killed anywhere, and on a full disk. */
import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {profileClaim} from '../../store/profiles.ts';
import {
  change,
  currentText,
  history,
  numbers,
  project,
  switchTo,
  treesRemoved,
  type SwitchRecord,
} from '../support/profiles.ts';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {recipe, recipes, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space, until} from '../support/space.ts';

// --- beside others ---------------------------------------------------------------------------------

test.serial('many switch one profile at once: one after the other, none is lost', async (t) => {
  await using space = Space.create(recipes({'t/a': {}, 't/b': {}, 't/c': {}, 't/d': {}}));
  await space.expect(0, ['build']);
  const targets = ['a', 'b', 'c', 'd'];
  const all = await Promise.all(
    targets.map((word) => space.run(['root', 'switch', 'sys', word, '--json'])),
  );
  t.true(
    all.every((ran) => ran.status === 0),
    space.report(),
  );
  const said = all.map((ran) => JSON.parse(ran.stdout) as SwitchRecord);
  t.deepEqual(said.map((one) => one.generation).sort(), [1, 2, 3, 4]);
  const last = said.find((one) => one.generation === 4);
  t.is(`t/${fs.readdirSync(space.at('roots/sys/current/usr/share')).join()}`, last?.label ?? '');
  t.is((await history(space)).current, 4);
  t.deepEqual(remains(space), []);
});

test.serial('waits for another process and says for whom; --no-wait does not', async (t) => {
  await using space = project();
  await space.expect(0, ['root', 'switch', 'sys', 'a']);
  change(space, 'two');
  await space.expect(0, ['build', 'a']);
  // Somebody with the claim: a run file that is locked, and its second name.
  const runFile = space.at('.recipes/runs/1-00000000');
  const claim = space.at(`.recipes/claims/${profileClaim('sys')}`);
  fs.writeFileSync(runFile, '{"pid":1}');
  const script = 'ln "$1" "$2"; read -r line; rm "$2"';
  const holder = spawn('flock', [runFile, 'sh', '-c', script, 'sh', runFile, claim], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  await until('it is held', () => fs.existsSync(claim));
  for (const words of ['switch sys a', 'rollback sys 1', 'pin sys 1', 'remove sys --keep 1']) {
    const ran = await space.expect(4, ['root', ...words.split(' '), '--no-wait']);
    t.regex(ran.stderr, /store\/locked[^]*another run \(pid 1\) changes the profile sys/);
  }
  // Who only looks does not wait; another profile is another matter.
  await space.expect(0, ['root', 'history', 'sys']);
  await space.expect(0, ['root', 'switch', 'other', 'a', '--no-wait']);
  const stopped = space.start(['root', 'switch', 'sys', 'a']);
  await until('it says so', () => /waiting for another run \(pid 1\)/.test(stopped.output()));
  stopped.child.kill('SIGINT');
  t.is((await stopped.ended).status, 130, space.report());
  const waiting = space.start(['root', 'switch', 'sys', 'a']);
  await until('it says so', () => /waiting for another run \(pid 1\)/.test(waiting.output()));
  holder.stdin.end('go\n');
  t.is((await waiting.ended).status, 0, space.report());
  t.is(currentText(space), 'two');
});

test.serial('gc in the middle of a switch that builds takes nothing of it', async (t) => {
  await using space = Space.create(
    recipes({'t/a': {steps: {wait: puppetStep('a'), install: writes('a')}}, 't/b': {}}),
  );
  await space.expect(0, ['root', 'switch', 'sys', 'b']);
  const switching = space.start(['root', 'switch', 'sys', 'a']);
  const puppet = new Puppet(space, 'a');
  await puppet.begun();
  await space.expect(0, ['store', 'gc', '--grace', '0s']);
  await puppet.go();
  t.is((await switching.ended).status, 0, space.report());
  t.is(await treesRemoved(space), 0);
  t.is(currentText(space), 'a');
});

// --- killed ----------------------------------------------------------------------------------------

test.serial(
  'killed anywhere: the old one or the new one, and the same command succeeds',
  async (t) => {
    t.timeout(300_000);
    await using space = project();
    const seen = {old: 0, new: 0};
    let [text, stops] = ['', 0];
    await space.expect(0, ['root', 'switch', 'sys', 'a']);
    for (let point = 1; ; point += 2) {
      const before = currentText(space);
      text = `text ${String(point)}`;
      change(space, text);
      await space.expect(0, ['build', 'a']);
      const env = {RECIPES_CRASH_AT: String(point)};
      const ran = await space.run(['root', 'switch', 'sys', 'a'], {env});
      if (ran.signal !== 'SIGKILL') {
        t.is(ran.status, 0, space.report());
        break;
      }
      stops += 1;
      const now = currentText(space);
      t.true([before, text].includes(now), `before call ${String(point)}`);
      seen[now === before ? 'old' : 'new'] += 1;
      // Beside what is half made gc works, and keeps both.
      if (stops % 5 === 0) await space.expect(0, ['store', 'gc', '--grace', '0s']);
      t.is(currentText(space), now);
      await space.expect(0, ['root', 'switch', 'sys', 'a']);
      t.is(currentText(space), text);
      t.true(fs.readdirSync(space.at('roots/sys')).every((name) => !name.startsWith('.')));
    }
    t.log(JSON.stringify({stops, ...seen}));
    t.true(stops > 10 && seen.old > 5);
    const {generations} = await history(space);
    const there = fs.readdirSync(space.at('roots/sys')).filter((name) => name !== 'current');
    t.deepEqual(
      generations.map((one) => String(one.generation)),
      there.sort((a, b) => Number(a) - Number(b)),
    );
    await space.expect(0, ['store', 'verify', '--full']);
    t.deepEqual(remains(space), []);
  },
);

test.serial(
  'a full disk of the profile: it says so, nothing is left, and it works after',
  async (t) => {
    await using space = project();
    const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-small-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=777', 'none', disk]);
    t.teardown(() => {
      spawnSync('umount', ['-l', disk]);
      fs.rmSync(disk, {recursive: true, force: true});
    });
    if (mounted.status !== 0) {
      t.log('SKIPPED: root, to mount a small disk');
      return t.pass();
    }
    const at = path.join(disk, 'sys');
    await switchTo(space, 'sys', 'a', '--at', at);
    // Another file system: copies.
    t.is(fs.statSync(path.join(at, 'current/usr/share/a')).nlink, 1);
    const steps = 'mkdir -p "$DESTDIR/usr"; head -c 400000 /dev/urandom > "$DESTDIR/usr/large"';
    space.write('recipes/t/a.yaml', recipe('t/a', {steps}));
    const full = await space.expect(4, ['root', 'switch', 'sys', 'a']);
    t.regex(full.stderr, /store\/full[^]*no space/);
    t.deepEqual(fs.readdirSync(at).sort(), ['1', 'current']);
    t.deepEqual(await numbers(space), [1]);
    spawnSync('mount', ['-o', 'remount,size=4m', disk]);
    t.like(await switchTo(space, 'sys', 'a'), {generation: 2, made: true});
  },
);
