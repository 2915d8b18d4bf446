/** The last lines of running nodes. What is waited for is the event itself. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {Event} from '../../../engine/base/event.ts';
import {LiveOutput} from '../../../engine/run/live-output.ts';
import {label} from '../graph/values.ts';
import {folder} from '../store/rig.ts';

type Output = Extract<Event, {type: 'node-output'}>;

interface Screen {
  readonly live: LiveOutput;
  readonly lines: string[];
  /** The next line that is told. */
  next(): Promise<string>;
}

function screen(): Screen {
  const lines: string[] = [];
  let tell: (line: string) => void = () => undefined;
  const live = new LiveOutput((event) => {
    const {label: whose, line} = event as Output;
    lines.push(`${whose}: ${line}`);
    tell(lines.at(-1) ?? '');
  });
  // The timer lets the process end; here it is what the test waits for.
  const alive = (promise: Promise<string>): Promise<string> => {
    const timer = setInterval(() => undefined, 60_000);
    return promise.finally(() => {
      clearInterval(timer);
    });
  };
  return {live, lines, next: () => alive(new Promise((resolve) => (tell = resolve)))};
}

const A = label('lfs/a');
const B = label('lfs/b');

test('a line is told once, an empty one never, and nothing after the end', async (t) => {
  const dir = folder(t);
  const [one, two] = [path.join(dir, 'one'), path.join(dir, 'two')];
  fs.writeFileSync(one, 'first\nsecond\n');
  const {live, lines, next} = screen();
  live.follow(A, one);
  t.is(await next(), 'lfs/a: second');
  // The first line stays; a log that is not there yet, then empty, says nothing.
  live.follow(B, two);
  fs.writeFileSync(two, 'hello\n');
  t.is(await next(), 'lfs/b: hello');
  fs.appendFileSync(one, '\n\n');
  fs.appendFileSync(two, 'again\n');
  t.is(await next(), 'lfs/b: again');
  live.unfollow(A);
  fs.appendFileSync(one, 'unseen\n');
  fs.appendFileSync(two, 'more\n');
  t.is(await next(), 'lfs/b: more');
  live.unfollow(B);
  t.deepEqual(lines, ['lfs/a: second', 'lfs/b: hello', 'lfs/b: again', 'lfs/b: more']);
});

test('it begins again after the last one ended', async (t) => {
  const file = path.join(folder(t), 'log');
  fs.writeFileSync(file, 'line\n');
  const {live, next} = screen();
  live.follow(A, file);
  live.unfollow(A);
  live.unfollow(A);
  live.follow(B, file);
  t.is(await next(), 'lfs/b: line');
  live.unfollow(B);
});
