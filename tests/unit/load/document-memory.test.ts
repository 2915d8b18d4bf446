/** Documents are read again only where their bytes changed. */
import test from 'ava';
import {DocumentMemory} from '../../../engine/load/document-memory.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ONE = bytes('sets: {}\n');

test('the same bytes give the same document, others a new one', (t) => {
  const memory = new DocumentMemory();
  const first = memory.read('config', 'c.yaml', ONE);
  memory.endRound();
  t.is(memory.read('config', 'c.yaml', bytes('sets: {}\n')), first);
  t.not(memory.read('config', 'c.yaml', bytes('jobs: 3\n')), first);
  memory.endRound();
  t.not(memory.read('config', 'c.yaml', ONE), first);
  t.deepEqual(memory.read('config', 'c.yaml', ONE), first);
});

test('another schema is another document', (t) => {
  const memory = new DocumentMemory();
  t.is(memory.read('config', 'c.yaml', ONE).problems.length, 0);
  memory.endRound();
  t.true(memory.read('generated', 'c.yaml', ONE).problems.length > 0);
});

test('what a round did not read is forgotten', (t) => {
  const memory = new DocumentMemory();
  const first = memory.read('config', 'c.yaml', ONE);
  memory.endRound();
  memory.endRound();
  t.not(memory.read('config', 'c.yaml', ONE), first);
});
