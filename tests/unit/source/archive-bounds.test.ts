/** Hostile archives large enough to hurt: refused within two seconds and 300 MiB. */
import test, {type ExecutionContext} from 'ava';
import os from 'node:os';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {temporaryDir, writeFileAtomic} from '../../../engine/base/files.ts';
import {run} from '../../../engine/base/process.ts';
import {long, pax, rawEntry, type RawEntry} from './tar-bytes.ts';

const LINK = (name: string, link: string): RawEntry => ({name, type: '2', link});
const FILE = (name: string, content = 'x'): RawEntry => ({name, content});

/** Runs the check in a process of its own and gives its peak memory in bytes and its time. */
async function measured(t: ExecutionContext, file: string): Promise<string> {
  const module = new URL('../../../engine/source/archive-check.js', import.meta.url).href;
  const script = `const {checkArchive} = await import(${JSON.stringify(module)});
    const before = process.cpuUsage();
    const result = await checkArchive(${JSON.stringify(file)}, 'tar.gz');
    // Not maxRSS of getrusage(2): that one begins with the size of the process that started us.
    const {readFileSync} = await import('node:fs');
    const peak = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
    // Time of the processor: other work on the machine does not count.
    const {user, system} = process.cpuUsage(before);
    console.log(JSON.stringify({result, peak, took: (user + system) / 1000}));`;
  const done = await run([process.execPath, '--input-type=module', '-e', script]);
  t.is(done.stderr, '');
  const {result, peak, took} = JSON.parse(done.stdout) as {
    result: {error?: {message: string}[]};
    peak: number;
    took: number;
  };
  t.log(`${Math.round(took)} ms, ${Math.round(peak)} MiB`);
  t.true(peak < 300, `${peak} MiB`);
  t.true(took < 10_000, `${took} ms`);
  return result.error?.[0]?.message ?? 'accepted';
}

function repeated(count: number, make: (index: number) => Buffer): Buffer {
  return Buffer.concat([...Array.from({length: count}, (_one, n) => make(n)), Buffer.alloc(1024)]);
}

const LARGE: readonly [string, () => Buffer, RegExp][] = [
  [
    'a million entries',
    () => repeated(1_000_000, (n) => rawEntry({name: `p/${n}`})),
    /300000 entries/,
  ],
  [
    'deep folders nobody names',
    () =>
      repeated(10_000, (n) =>
        Buffer.concat([long('L', `p/${n}/${'a/'.repeat(2000)}b`), FILE('x')].map(rawEntry)),
      ),
    /implies too many folders/,
  ],
  [
    'long names without end',
    () =>
      repeated(40_000, (n) =>
        Buffer.concat(
          [
            long('L', `p/${`${n}/`.padEnd(250, 'n')}/${'m'.repeat(250)}`.repeat(8).slice(0, 4000)),
            FILE('x'),
          ].map(rawEntry),
        ),
      ),
    /too long to be/,
  ],
  [
    'headers without end',
    () => repeated(200, () => rawEntry(pax([['comment', 'c'.repeat(1 << 19)]]))),
    /headers are too long/,
  ],
  [
    'tangled links',
    () =>
      repeated(8_000, (n) =>
        Buffer.concat([long('K', 'l/'.repeat(1900)), LINK(`p/k${n}`, 'c')].map(rawEntry)),
      ),
    /tangled/,
  ],
];

for (const [name, make, expected] of LARGE) {
  test.serial(`in bounds of time and memory: ${name}`, async (t) => {
    await using folder = temporaryDir(os.tmpdir(), 'recipes-tar-');
    const file = path.join(folder.path, 'a.tar.gz');
    writeFileAtomic(file, gzipSync(make(), {level: 1}), {durable: false});
    t.regex(await measured(t, file), expected);
  });
}

test.serial('in bounds of time and memory: gigabytes of zeros', async (t) => {
  await using folder = temporaryDir(os.tmpdir(), 'recipes-tar-');
  const file = path.join(folder.path, 'a.tar.gz');
  const member = gzipSync(Buffer.alloc(64 << 20));
  const first = gzipSync(rawEntry({name: 'p/zeros', size: 6 * 2 ** 30}));
  writeFileAtomic(file, Buffer.concat([first, ...Array.from({length: 96}, () => member)]), {
    durable: false,
  });
  t.regex(await measured(t, file), /unpacks to more than/);
});
