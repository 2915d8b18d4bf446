/** Every mutating call has a number, and the process can be ended right before or after each. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';

const PUPPET = fileURLToPath(new URL('crash-puppet.js', import.meta.url));

interface Ended {
  readonly signal: string | null;
  readonly status: number | null;
  readonly said: string;
  /** What is in its folder, contents of files behind a colon. */
  readonly left: readonly string[];
}

function crashAt(point: string | undefined, role = 'engine'): Ended {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-crash-'));
  try {
    const env = point === undefined ? {} : {RECIPES_CRASH_AT: point};
    const done = spawnSync(process.execPath, [PUPPET, folder, role], {env, encoding: 'utf8'});
    if (done.stderr !== '') throw new Error(done.stderr);
    return {signal: done.signal, status: done.status, said: done.stdout, left: listing(folder)};
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
}

function listing(folder: string): string[] {
  const names = fs.readdirSync(folder, {recursive: true, encoding: 'utf8'}).sort();
  return names.map((name) => {
    const at = path.join(folder, name);
    return fs.lstatSync(at).isFile() ? `${name}:${fs.readFileSync(at, 'utf8')}` : name;
  });
}

/** What lies there after so many calls. The sixth is made around the seventh. */
const STATES: readonly (readonly string[])[] = [
  [],
  ['one'],
  ['two'],
  ['two', 'two/file:'],
  ['two', 'two/file:text'],
  ['two', 'two/file:text', 'two/link'],
  ['two', 'two/file:text'],
  ['two', 'two/file:text'],
];

test('without a point nothing ends, and all calls are counted', (t) => {
  const {signal, status, said, left} = crashAt(undefined);
  t.deepEqual({signal, status, said}, {signal: null, status: 0, said: '7'});
  t.deepEqual(left, STATES.at(-1));
});

for (let call = 1; call <= 5; call += 1) {
  test(`before call ${call}, and after it`, (t) => {
    const before = crashAt(String(call));
    t.is(before.signal, 'SIGKILL');
    t.deepEqual(before.left, STATES[call - 1]);
    const after = crashAt(`${call}+`);
    t.is(after.signal, 'SIGKILL');
    t.deepEqual(after.left, STATES[call]);
  });
}

test('a call within a call: each is counted when it begins', (t) => {
  t.deepEqual(crashAt('6').left, STATES[5]);
  t.deepEqual(crashAt('7').left, STATES[5], 'begun, nothing done');
  t.deepEqual(crashAt('7+').left, STATES[7]);
});

test('a point that is never reached, or is none, ends nothing', (t) => {
  for (const point of ['8', '8+', '0', '', 'x', '-1', '1.5', '1++', '+1', 'worker:', 'engine:1']) {
    const {status, said} = crashAt(point);
    t.deepEqual({status, said}, {status: 0, said: '7'}, point);
  }
});

test('worker: counts in the worker alone', (t) => {
  t.is(crashAt('worker:2').said, '7', 'the engine goes on');
  t.is(crashAt('2', 'worker').said, '7', 'and so does the worker, when the engine is meant');
  const before = crashAt('worker:2', 'worker');
  t.is(before.signal, 'SIGKILL');
  t.deepEqual(before.left, STATES[1]);
  t.deepEqual(crashAt('worker:2+', 'worker').left, STATES[2]);
});

test('after a call that has failed it ends too', (t) => {
  const {signal, left} = crashAt('1+', 'failing');
  t.deepEqual({signal, left}, {signal: 'SIGKILL', left: []});
  t.is(crashAt('2', 'failing').signal, 'SIGKILL');
  t.is(crashAt('8+', 'failing').signal, 'SIGKILL');
});

test('shown to strace, the calls are the same', (t) => {
  for (const role of ['engine', 'worker']) {
    const {status, said, left} = crashAt('trace', role);
    t.deepEqual({status, said, left}, {status: 0, said: '7', left: [...(STATES.at(-1) ?? [])]});
  }
});
