/**
 * Folders deeper than paths may be long, through all that a store does with a tree.
 */
import {execFileSync} from 'node:child_process';
import test from 'ava';
import {removeTree} from '../../engine/base/files.ts';
import {moved, treeOf} from '../support/moved.ts';
import {recipe, recipes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';

/** Ten times a thousand folders, one lot moved below the other: no path is longer than may be. */
const DEEP = `mkdir -p "$DESTDIR/deep/a" && cd "$DESTDIR/deep"
long=$(printf 'd/%.0s' {1..1000})
mkdir -p "a/$long"; pushd "a/$long" > /dev/null
echo bottom > file; echo more > other; ln file again; ln -s file link; mkdir -m 1777 sticky
setfattr -n user.note -v deep file
popd > /dev/null
for i in {1..9}; do mkdir -p "b/$long"; mv a/d "b/$long"; mv b/d a/d; rmdir b; done
mv a/d d; rmdir a
`;

const tools = {recipe: {tools: ['setfattr', 'mkfifo']}};

test.serial('10,000 folders in each other', async (t) => {
  t.timeout(300_000);
  const counts = 'mkdir -p "$DESTDIR/u"; find /sysroot/deep | wc -l > "$DESTDIR/u/n"';
  const user = {needs: ['deep'], steps: counts, recipe: {tools: ['find', 'wc']}};
  await using space = Space.create(recipes({'t/deep': {steps: DEEP, ...tools}, 't/user': user}));
  await space.expect(0, ['build', 'deep']);
  const tree = await treeOf(space, 'deep');
  // Below /sysroot it lies in a farm, which is laid out and looked at like any other.
  await space.expect(0, ['build', 'user']);
  await space.expect(0, ['checkout', 'user', 'u']);
  t.is(space.read('u/u/n').trim(), '10006');
  await using other = await moved(space, 'deep');
  t.is(await treeOf(other, 'deep'), tree);
  await other.expect(0, ['checkout', 'deep', 'out']);
  await other.expect(0, ['checkout', '--copy', 'deep', 'copied']);
  t.regex(
    bottomOf(other.at('out/deep')),
    /^bottom\nfile\n1777\ndeepagain\nfile\nlink\nother\nsticky\n$/,
  );
  t.is(bottomOf(other.at('out/deep')), bottomOf(other.at('copied/deep')));
  await other.expect(0, ['store', 'verify', '--full']);
  // As a source it is taken in again.
  other.write(
    'recipes/t/source.yaml',
    recipe('t/source', {recipe: {sources: [{path: '../../copied'}]}}),
  );
  await other.expect(0, ['build', 'source']);
  removeTree(other.at('copied'));
  t.false(other.exists('copied'));
  t.deepEqual(remains(space), []);
});

/** What lies at the bottom, reached step by step. */
function bottomOf(folder: string): string {
  const script = `cd "$1"; for i in $(seq 10); do cd -P "$2" || exit; done
    cat file; readlink link; stat -c %a sticky; getfattr --only-values -n user.note file; ls`;
  return execFileSync('sh', ['-c', script, 'sh', folder, 'd/'.repeat(1000)], {encoding: 'utf8'});
}
