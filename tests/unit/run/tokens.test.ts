/** The token pool: never more out than there are, and all come back. */
import test from 'ava';
import fc from 'fast-check';
import {TokenPool, type Lease} from '../../../engine/run/tokens.ts';

const nobody = {adjust: () => undefined};

test('takes until nothing is left', (t) => {
  const pool = new TokenPool(2, () => undefined);
  t.truthy(pool.take(1, nobody));
  t.truthy(pool.take(1, nobody));
  t.is(pool.take(1, nobody), undefined);
});

test('a wish larger than the pool is cut to it', (t) => {
  const pool = new TokenPool(2, () => undefined);
  t.is(pool.reservable(8), 2);
  t.is(pool.take(8, nobody)?.held, 2);
});

test('idle tokens are lent to the poorest and called back one by one', (t) => {
  const asked: string[] = [];
  const pool = new TokenPool(4, () => undefined);
  const first = pool.take(1, {adjust: (n) => asked.push(`first ${n}`)});
  const second = pool.take(1, {adjust: (n) => asked.push(`second ${n}`)});
  pool.lendIdle();
  t.is(first?.held, 2);
  t.is(second?.held, 2);
  t.is(pool.take(1, nobody), undefined);
  t.is(pool.take(1, nobody), undefined, 'asking again recalls no second one');
  t.deepEqual(asked, ['first 1', 'second 1', 'first -1']);
  first?.returned(1);
  t.truthy(pool.take(1, nobody));
});

test('a build that ends gives back all, also what was recalled', (t) => {
  let returns = 0;
  const pool = new TokenPool(3, () => (returns += 1));
  const lease = pool.take(1, nobody);
  pool.lendIdle();
  t.is(pool.take(1, nobody), undefined);
  lease?.end();
  t.is(pool.idle, 3);
  lease?.end();
  t.is(pool.idle, 3, 'ending twice returns nothing more');
  t.is(returns, 1);
});

test('property: held and idle always add up to the total', (t) => {
  const action = fc.record({kind: fc.constantFrom('take', 'lend', 'return', 'end'), n: fc.nat(7)});
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 8}),
      fc.array(action, {maxLength: 60}),
      (total, actions) => {
        const pool = new TokenPool(total, () => undefined);
        const leases: {lease: Lease; owed: number}[] = [];
        for (const {kind, n} of actions) step(pool, leases, kind, n);
        const held = leases.reduce((sum, {lease}) => sum + lease.held, 0);
        return held + pool.idle === total;
      },
    ),
  );
  t.pass();
});

function step(
  pool: TokenPool,
  leases: {lease: Lease; owed: number}[],
  kind: string,
  n: number,
): void {
  const one = leases[n % Math.max(1, leases.length)];
  if (kind === 'take') {
    const entry = {owed: 0};
    const lease = pool.take(n, {adjust: (count) => (entry.owed -= Math.min(0, count))});
    if (lease !== undefined) leases.push(Object.assign(entry, {lease}));
  } else if (kind === 'lend') pool.lendIdle();
  else if (one === undefined) return;
  else if (kind === 'end') {
    one.lease.end();
    leases.splice(leases.indexOf(one), 1);
  } else if (one.owed > 0) {
    one.owed -= 1;
    one.lease.returned(1);
  }
}
