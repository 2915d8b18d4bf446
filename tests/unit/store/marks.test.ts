/** Marks of what was hashed: found again by others, whatever became of the file. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {auxIn, type Store} from '../../../store/layout.ts';
import {Marks} from '../../../store/marks.ts';
import {emptyStore} from './rig.ts';

/** The file of a store that has some marks. */
function fileOf(store: Store): string {
  const folder = auxIn(store, '');
  const [name, ...others] = fs.readdirSync(folder).filter((one) => one.startsWith('verified-'));
  if (name === undefined || others.length > 0) throw new Error('not one file of marks');
  return path.join(folder, name);
}

const names = (count: number): string[] => Array.from({length: count}, (_none, at) => `tree ${at}`);

/** Those of some that a process knows that has not asked before. */
const knownOf = (store: Store, marks: readonly string[]): readonly string[] => {
  const known = new Marks(store);
  return marks.filter((mark) => known.has(mark));
};

test('what one process adds another finds, asked for few or many', (t) => {
  const store = emptyStore(t);
  t.deepEqual(knownOf(store, names(100)), []);
  const marks = names(100);
  new Marks(store).add(marks);
  for (const count of [1, 31, 32, 33, 100]) {
    t.deepEqual(knownOf(store, names(count)), names(count));
    const others = names(count).map((name) => `${name}0x`);
    t.deepEqual(knownOf(store, others), []);
  }
  // A mark is a whole line, not a piece of one.
  t.deepEqual(knownOf(store, ['tree 10', 'tree', 'ree 10', '10', '', 'tree 1\n']), ['tree 10']);
});

test('who asks finds what he added, and adds nothing twice', (t) => {
  const store = emptyStore(t);
  const marks = new Marks(store);
  marks.add(['tree a', 'tree b']);
  marks.add(['tree b', 'tree c']);
  t.true(['tree a', 'tree b', 'tree c'].every((mark) => marks.has(mark)));
  const size = fs.statSync(fileOf(store)).size;
  const other = new Marks(store);
  t.true(other.has('tree a'));
  other.add(['tree a', 'tree c']);
  marks.add([]);
  t.is(fs.statSync(fileOf(store)).size, size);
  for (let at = 0; at < 40; at += 1) other.has(`tree ${at}`);
  other.add(['tree d']);
  t.true(other.has('tree d'));
  t.true(new Marks(store).has('tree d'));
});

test('lines that are damaged or torn say nothing', (t) => {
  const store = emptyStore(t);
  new Marks(store).add(names(60));
  const file = fileOf(store);
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(
    file,
    `${text.replace('tree 7\n', 'tree 8\n').replace(/.(?=[^\n]* tree 9\n)/, 'x')}0123 tree to`,
  );
  const lost = ['tree 7', 'tree 9', 'tree to'];
  for (const count of [20, 60]) {
    const wanted = names(count).filter((name) => !lost.includes(name));
    t.deepEqual(knownOf(store, [...names(count), 'tree to']), wanted);
  }
  new Marks(store).add(['tree after']);
  t.deepEqual(knownOf(store, ['tree after', 'tree 3']), ['tree after', 'tree 3']);
});

test('something else in its place is no mark, and makes way', (t) => {
  const store = emptyStore(t);
  new Marks(store).add(['tree a']);
  const file = fileOf(store);
  fs.rmSync(file);
  fs.mkdirSync(file);
  t.deepEqual(knownOf(store, ['tree a']), []);
  new Marks(store).add(['tree a']);
  t.deepEqual(knownOf(store, ['tree a']), ['tree a']);
});

test('a file of an earlier start goes', (t) => {
  const store = emptyStore(t);
  const old = path.join(auxIn(store, ''), 'verified-00000000-0000-0000-0000-000000000000');
  fs.writeFileSync(old, 'x');
  new Marks(store).add(['tree a']);
  t.false(fs.existsSync(old));
});
