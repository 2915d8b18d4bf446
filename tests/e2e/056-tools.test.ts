/** A machine on which a program the store itself needs is missing: said, with its package. */
import {spawnSync} from 'node:child_process';
import test from 'ava';
import {recipes} from '../support/recipes.ts';
import {Space} from '../support/space.ts';

/** Hides a program behind an empty file, in a mount namespace of its own. */
function without(program: string): readonly string[] {
  const hide = `mount --bind /dev/null "$(readlink -f "$(command -v ${program})")"`;
  return ['unshare', '--mount', 'sh', '-ec', `${hide}\nexec "$@"`, 'hiding'];
}

test.serial('without flock nothing is built', async (t) => {
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) {
    t.log('skipped: hiding a program needs root');
    t.pass();
    return;
  }
  await using space = Space.create(recipes({'t/base': {}}));
  const {stderr} = await space.expect(5, ['build'], {through: without('flock')});
  t.regex(stderr, /store\/tool.*flock.*util-linux/s);
  await space.expect(0, ['build']);
});
