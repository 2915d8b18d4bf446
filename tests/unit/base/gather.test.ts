/** Names that come in bursts are handed on together, once it is quiet. */
import test from 'ava';
import {Gatherer} from '../../../engine/base/gather.ts';

function gathering(): {gatherer: Gatherer; bursts: string[][]; next: () => Promise<void>} {
  const bursts: string[][] = [];
  let wake: (() => void) | undefined;
  const gatherer = new Gatherer((names) => {
    bursts.push([...names]);
    wake?.();
  });
  const next = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  return {gatherer, bursts, next};
}

test('one name, then another: two bursts', async (t) => {
  const {gatherer, bursts, next} = gathering();
  gatherer.add('a', performance.now());
  await next();
  gatherer.add('b', performance.now());
  await next();
  t.deepEqual(bursts, [['a'], ['b']]);
});

test('what comes together is handed on together, each name once', async (t) => {
  const {gatherer, bursts, next} = gathering();
  const names = Array.from({length: 100}, (_, n) => `file${n}`);
  for (const name of [...names, ...names]) gatherer.add(name, performance.now());
  await next();
  t.deepEqual(bursts, [names]);
});

test('a burst without end is handed on in parts', async (t) => {
  const {gatherer, bursts, next} = gathering();
  const handedOn = next();
  let at = 0;
  const timer = setInterval(() => {
    // By its clock there is never a quiet moment.
    at += 100;
    gatherer.add(`at ${at}`, at);
  }, 1);
  await handedOn;
  clearInterval(timer);
  t.true((bursts[0]?.length ?? 0) > 1);
  gatherer.stop();
});

test('nothing is handed on after a stop', async (t) => {
  const {gatherer, bursts} = gathering();
  gatherer.add('a', 0);
  gatherer.stop();
  const {gatherer: other, next} = gathering();
  other.add('b', 0);
  await next();
  t.deepEqual(bursts, []);
});
