/** Names and links in memory: what may lie where, and where links lead. */
import test from 'ava';
import {addName, find, followLink, newNames, partsOf} from '../../../engine/source/names.ts';

/** `a -> b` adds a link, `a/` a folder, anything else a file. */
function named(lines: readonly string[]): {names: ReturnType<typeof newNames>; faults: string[]} {
  const names = newNames();
  const faults = lines.flatMap((line) => {
    const [path = '', target] = line.split(' -> ');
    const is = target !== undefined ? 'link' : path.endsWith('/') ? 'folder' : 'file';
    const added = addName(names, path, is, target);
    return added.ok ? [] : [added.error];
  });
  return {names, faults};
}

const LINKS: readonly [string, readonly string[], 'inside' | 'leaves' | 'loops'][] = [
  ['a plain link', ['l -> f'], 'inside'],
  ['to nothing', ['l -> no/such/file'], 'inside'],
  ['up and back', ['d/l -> ../f'], 'inside'],
  ['up to the top itself', ['d/l -> ..'], 'inside'],
  ['one up too many', ['d/l -> ../..'], 'leaves'],
  ['out and in again', ['d/l -> ../../d/f'], 'leaves'],
  ['absolute', ['l -> /etc/passwd'], 'leaves'],
  ['through a link that is fine', ['l -> a/f', 'a -> d'], 'inside'],
  ['through a link that leaves', ['l -> a/f', 'a -> ..'], 'leaves'],
  ['through an absolute link', ['l -> a/f', 'a -> /'], 'leaves'],
  ['a chain that climbs', ['l -> d/up/up', 'd/up -> ..', 'up -> ..'], 'leaves'],
  ['.. after a link goes up from its target', ['l -> a/../../x', 'a -> d/e'], 'inside'],
  ['.. after a link to the top', ['d/l -> ../a/..', 'a -> .'], 'leaves'],
  ['to itself', ['l -> l'], 'loops'],
  ['two to each other', ['l -> a', 'a -> l'], 'loops'],
  ['below itself', ['l -> l/x'], 'loops'],
  ['dots and double slashes', ['d/l -> .//.././/f'], 'inside'],
];

for (const [name, lines, expected] of LINKS) {
  test(`link: ${name}`, (t) => {
    const {names, faults} = named(lines);
    t.deepEqual(faults, []);
    const result = followLink(names, lines[0]?.split(' -> ')[0] ?? '');
    t.is(result.ok ? 'inside' : result.error, expected);
  });
}

const FAULTS: readonly [string, readonly string[], readonly string[]][] = [
  ['nothing wrong', ['d/', 'd/f', 'd/', 'd/l -> f', 'd/l -> f', 'd/f'], []],
  ['a folder known first by what it holds', ['d/f', 'd/'], []],
  ['below a file', ['f', 'f/x'], ['below-file']],
  ['below a link', ['l -> d', 'l/x'], ['below-link']],
  ['a link where files lie', ['d/x', 'd -> e'], ['twice']],
  ['a file where files lie', ['d/x', 'd'], ['twice']],
  ['a link of two targets', ['l -> a', 'l -> b'], ['twice']],
  ['file, then folder', ['x', 'x/'], ['twice']],
  ['folder, then link', ['x/', 'x -> y'], ['twice']],
];

for (const [name, lines, expected] of FAULTS) {
  test(`names: ${name}`, (t) => {
    t.deepEqual(named(lines).faults, expected);
  });
}

test('a long chain of links ends like in the kernel, quickly', (t) => {
  const chain = Array.from({length: 50}, (_one, index) => `l${index} -> l${index + 1}`);
  const {names} = named(chain);
  t.deepEqual(followLink(names, 'l0'), {ok: false, error: 'loops'});
  t.true(followLink(names, 'l20').ok);
});

test('find and partsOf', (t) => {
  const {names} = named(['a/b/c', 'a/l -> b']);
  t.is(find(names, 'a/b/c')?.is, 'file');
  t.is(find(names, 'a/b')?.is, undefined);
  t.is(find(names, 'a/l')?.target, 'b');
  t.is(find(names, 'x'), undefined);
  t.is(find(names, ''), names);
  t.deepEqual(partsOf('./a//b/./c/'), ['a', 'b', 'c']);
});
