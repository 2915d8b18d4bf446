/**
 * Path sources that are traps: circles of links, links out, masses of them, what is no file.
 * Refused with one message or taken as they are; nothing is followed. Time and memory are printed.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import test from 'ava';
import {Table, measured} from '../support/peak.ts';
import {recipe} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';

const table = new Table();

interface Trap {
  readonly make: (folder: string) => void;
  /** Undefined: it is inert. */
  readonly code: string | undefined;
}

const link = (target: string, name: string): Trap['make'] => {
  return (folder) => {
    fs.symlinkSync(target, `${folder}/${name}`);
  };
};

const TRAPS: Readonly<Record<string, Trap>> = {
  'a link to itself': {make: link('a', 'a'), code: undefined},
  'a link to the folder it is in': {make: link('.', 'again'), code: undefined},
  'links in a circle': {
    make: (folder) => {
      for (let at = 0; at < 50; at += 1) {
        fs.symlinkSync(`l${String((at + 1) % 50)}/x`, `${folder}/l${String(at)}`);
      }
    },
    code: undefined,
  },
  'links that double at each step': {
    make: (folder) => {
      for (let at = 0; at < 39; at += 1) {
        const next = `l${String(at + 1)}`;
        fs.symlinkSync(`${next}/${next}`, `${folder}/l${String(at)}`);
      }
      fs.symlinkSync('.', `${folder}/l39`);
    },
    code: undefined,
  },
  '100,000 links': {
    make: (folder) => {
      for (let at = 0; at < 100_000; at += 1) fs.symlinkSync('x', `${folder}/l${String(at)}`);
    },
    code: undefined,
  },
  'a link to /': {make: link('/', 'root'), code: 'source/path-link-leaves'},
  'a link up': {make: link('../../../etc', 'up'), code: 'source/path-link-leaves'},
  'a link to /dev/zero': {make: link('/dev/zero', 'zero'), code: 'source/path-link-leaves'},
  'a link to /proc/self/root': {
    make: link('/proc/self/root', 'r'),
    code: 'source/path-link-leaves',
  },
  '20,000 links out': {
    make: (folder) => {
      for (let at = 0; at < 20_000; at += 1) fs.symlinkSync('/etc', `${folder}/l${String(at)}`);
    },
    code: 'source/path-link-leaves',
  },
  'a fifo': {
    make: (folder) => {
      execFileSync('mkfifo', [`${folder}/fifo`]);
    },
    code: 'store/import',
  },
  'a chain of 300 folders': {
    make: (folder) => {
      fs.mkdirSync(`${folder}${'/d'.repeat(300)}`, {recursive: true});
    },
    code: undefined,
  },
};

for (const [name, {make, code}] of Object.entries(TRAPS)) {
  test.serial(`a source with ${name}`, async (t) => {
    await using space = Space.create({
      'recipes/t/a.yaml': recipe('t/a', {recipe: {sources: [{path: '../../src'}]}}),
      'src/x': 'x',
    });
    make(space.at('src'));
    const ran = await measured(space, ['build']);
    t.is(ran.status === 0, code === undefined, space.report().slice(0, 3000));
    if (code !== undefined) t.true(ran.stderr.includes(code), space.report().slice(0, 3000));
    t.true(ran.stderr.length < 100_000, `${String(ran.stderr.length)} characters`);
    t.deepEqual(remains(space), []);
    table.add(t, `source: ${name}`, ran);
  });
}

test.serial('a source with a socket', async (t) => {
  await using space = Space.create({
    'recipes/t/a.yaml': recipe('t/a', {recipe: {sources: [{path: '../../src'}]}}),
    'src/x': 'x',
  });
  const server = net.createServer();
  await new Promise<void>((done) => {
    server.listen(space.at('src/socket'), done);
  });
  const ran = await measured(space, ['build']);
  server.close();
  t.not(ran.status, 0);
  t.regex(ran.stderr, /store\/import/);
  t.regex(ran.stderr, /socket is no file, folder or link/);
  table.add(t, 'source: a socket', ran);
});

test.serial('a source that is itself a trap', async (t) => {
  await using space = Space.create({'src/x': 'x'});
  for (const [place, code] of [
    ['/dev/zero', 'source/path-missing'],
    ['/dev/tty', 'source/path-missing'],
    ['../../loop', 'source/path-missing'],
    ['../../fifo', 'source/path-missing'],
  ] as const) {
    if (place.endsWith('loop')) fs.symlinkSync('loop', space.at('loop'));
    if (place.endsWith('fifo')) execFileSync('mkfifo', [space.at('fifo')]);
    space.write('recipes/t/a.yaml', recipe('t/a', {recipe: {sources: [{path: place}]}}));
    const ran = await measured(space, ['build']);
    t.not(ran.status, 0, space.report());
    t.true(ran.stderr.includes(code), space.report());
    table.add(t, `source: ${place}`, ran);
  }
});

test.serial('what all of it took', (t) => {
  table.log(t);
});
