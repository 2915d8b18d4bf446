/** Folders are watched whatever happens to them; where watches are used up, they are polled. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {FolderWatch, type MakeWatcher} from '../../../engine/base/folder-watch.ts';
import {until} from '../../support/space.ts';

interface Scene {
  readonly at: (name: string) => string;
  readonly watch: FolderWatch;
  readonly told: string[];
  readonly limits: string[];
  /** Waits until this was told, and forgets what was told before. */
  hears(name: string): Promise<void>;
}

function scene(t: ExecutionContext, make?: MakeWatcher): Scene {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-watch-')));
  const told: string[] = [];
  const limits: string[] = [];
  const events = {
    changed: (file: string) => void told.push(path.relative(root, file)),
    matters: () => true,
    limited: (code: string) => void limits.push(code),
  };
  const watch = new FolderWatch(events, make);
  t.teardown(async () => {
    await watch.close();
    fs.rmSync(root, {recursive: true});
  });
  const hears = async (name: string): Promise<void> => {
    await until(`${name} is told`, () => told.includes(name));
    told.length = 0;
  };
  return {at: (name) => path.join(root, name), watch, told, limits, hears};
}

test('files and folders that are written, renamed over, made and removed', async (t) => {
  const {at, watch, hears} = scene(t);
  fs.writeFileSync(at('file'), 'one');
  t.true(await watch.watch([at('.')]));
  t.false(await watch.watch([at('.')]), 'it is watched already');
  for (let round = 0; round < 3; round += 1) {
    fs.writeFileSync(at('file'), 'two');
    await hears('file');
    fs.writeFileSync(at('other'), 'three');
    fs.renameSync(at('other'), at('file'));
    await hears('file');
    fs.mkdirSync(at('folder'));
    await hears('folder');
    fs.rmdirSync(at('folder'));
    await hears('folder');
  }
  fs.unlinkSync(at('file'));
  await hears('file');
  t.is(watch.size, 1);
});

test('a folder that is removed and made again, and one that is not wanted any more', async (t) => {
  const {at, watch, told, hears} = scene(t);
  fs.mkdirSync(at('in'));
  const both = [at('.'), at('in')];
  await watch.watch(both);
  for (let round = 0; round < 3; round += 1) {
    fs.rmSync(at('in'), {recursive: true});
    await hears('in');
    watch.forget(at('in'));
    t.false(await watch.watch(both), 'it is not there');
    fs.mkdirSync(at('in'));
    await hears('in');
    watch.forget(at('in'));
    t.true(await watch.watch(both));
    fs.writeFileSync(at('in/file'), '');
    await hears('in/file');
  }
  await watch.watch([at('.')]);
  fs.writeFileSync(at('in/file'), 'unheard');
  fs.writeFileSync(at('file'), 'heard');
  await until('the other one', () => told.includes('file'));
  t.false(told.includes('in/file'));
});

test('a folder reached by a link is told by the name of the link', async (t) => {
  const {at, watch, hears} = scene(t);
  fs.mkdirSync(at('real'));
  fs.symlinkSync('real', at('link'));
  await watch.watch([at('link'), at('real')]);
  fs.writeFileSync(at('real/file'), '');
  await hears('link/file');
  t.is(watch.size, 2);
});

test('hundreds of rounds leave nothing open', async (t) => {
  const {at, watch} = scene(t);
  const open = (): number => fs.readdirSync('/proc/self/fd').length;
  for (const name of ['a', 'b', 'c']) fs.mkdirSync(at(name));
  await watch.watch([at('a')]);
  const before = open();
  for (let round = 0; round < 200; round += 1) {
    await watch.watch([at('a'), at('b')]);
    await watch.watch([at('c')]);
    watch.forget(at('c'));
  }
  await watch.watch([]);
  t.is(watch.size, 0);
  t.true(open() <= before);
});

for (const code of ['ENOSPC', 'EMFILE']) {
  test(`no more watches (${code}): told once, and polled`, async (t) => {
    const chokidar = await import('chokidar');
    let asked = 0;
    const failing: MakeWatcher = (paths, options) => {
      asked += 1;
      if (options?.usePolling === true) return chokidar.watch(paths, options);
      const watcher = new chokidar.FSWatcher(options);
      setImmediate(() => watcher.emit('error', Object.assign(new Error('no'), {code})));
      return watcher;
    };
    const {at, watch, limits, hears} = scene(t, failing);
    fs.writeFileSync(at('file'), 'one');
    await watch.watch([at('.')]);
    t.deepEqual(limits, [code]);
    t.true(watch.polling);
    fs.writeFileSync(at('file'), 'other');
    await hears('file');
    fs.mkdirSync(at('in'));
    await hears('in');
    await watch.watch([at('.'), at('in')]);
    fs.writeFileSync(at('in/new'), '');
    await hears('in/new');
    t.deepEqual(limits, [code]);
    t.is(asked, 3);
  });
}
