/** The stat cache: what it trusts, what it forgets, and that damage costs nothing but time. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {BigIntStats} from '../../../engine/base/files.ts';
import {statCacheFile, workerStore} from '../../../store/layout.ts';
import {StatCache} from '../../../store/stat-cache.ts';
import {emptyStore, isRoot, skip, WORKER_OWNER} from './rig.ts';

/** Milliseconds; a file written at second 100 is settled from second 102 on. */
const NOW = 102_000;

function stat(extra: Partial<BigIntStats> = {}): BigIntStats {
  const facts = {size: 5n, ino: 7n, mtimeNs: 100_000_000_000n, ctimeNs: 100_000_000_000n};
  return {...facts, ...extra} as BigIntStats;
}

test('a row is trusted while nothing of it changes', (t) => {
  const cache = StatCache.load(emptyStore(t));
  cache.set('/x', stat(), 'digest', NOW);
  t.is(cache.get('/x', stat()), 'digest');
  t.is(cache.get('/y', stat()), undefined);
  const changes: readonly Partial<BigIntStats>[] = [
    {size: 6n},
    {ino: 8n},
    {mtimeNs: 100_000_000_001n},
    {ctimeNs: 99_999_999_999n},
  ];
  for (const change of changes) t.is(cache.get('/x', stat(change)), undefined);
});

const ages: readonly (readonly [string, Partial<BigIntStats>, number, boolean])[] = [
  ['two seconds old', {}, 102_000, true],
  ['a moment younger', {}, 101_999, false],
  ['changed inside two seconds', {ctimeNs: 100_500_000_000n}, NOW, false],
  ['written inside two seconds', {mtimeNs: 100_000_000_001n}, NOW, false],
  ['from the future', {mtimeNs: 200_000_000_000n}, NOW, false],
  ['old, with a clock that has fractions', {}, 102_000.7, true],
];
for (const [what, change, now, trusted] of ages) {
  test(`a file that is ${what} is ${trusted ? '' : 'not '}trusted`, (t) => {
    const cache = StatCache.load(emptyStore(t));
    cache.set('/x', stat(change), 'digest', now);
    t.is(cache.get('/x', stat(change)), trusted ? 'digest' : undefined);
  });
}

test('it is kept for the next process, also beyond 2^53 nanoseconds', (t) => {
  const store = emptyStore(t);
  const cache = StatCache.load(store);
  const exact = stat({mtimeNs: 1_700_000_000_123_456_789n, ctimeNs: 1_700_000_000_123_456_789n});
  cache.set('/ü\n', exact, 'digest', 1_700_000_100_000);
  cache.save();
  const next = StatCache.load(store);
  t.is(next.get('/ü\n', exact), 'digest');
  t.is(next.get('/ü\n', stat({...exact, mtimeNs: exact.mtimeNs + 1n})), undefined);
});

test('without change nothing is written', (t) => {
  const store = emptyStore(t);
  StatCache.load(store).save();
  t.false(fs.existsSync(statCacheFile(store)));
});

for (const content of ['', 'garbage', '0123456789abcdef [1]\n', '\0'.repeat(100)]) {
  test(`damage is an empty cache: ${JSON.stringify(content.slice(0, 20))}`, (t) => {
    const store = emptyStore(t);
    fs.writeFileSync(statCacheFile(store), content);
    const cache = StatCache.load(store);
    t.is(cache.get('/x', stat()), undefined);
    cache.set('/x', stat(), 'digest', NOW);
    cache.save();
    t.is(StatCache.load(store).get('/x', stat()), 'digest');
  });
}

test('a cache that cannot be read or written stops nobody', (t) => {
  const store = emptyStore(t);
  fs.mkdirSync(path.join(statCacheFile(store), 'in the way'), {recursive: true});
  const cache = StatCache.load(store);
  cache.set('/x', stat(), 'digest', NOW);
  cache.save();
  t.is(cache.get('/x', stat()), 'digest');
  t.deepEqual(fs.readdirSync(path.join(store.root, 'tmp')), []);
  t.is(StatCache.load(workerStore('/nowhere at all/x')).get('/x', stat()), undefined);
});

test('as root it belongs to the owner', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t, WORKER_OWNER);
  const cache = StatCache.load(store);
  cache.set('/x', stat(), 'digest', NOW);
  cache.save();
  t.is(fs.lstatSync(statCacheFile(store)).uid, WORKER_OWNER.uid);
});
