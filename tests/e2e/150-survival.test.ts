/**
 * What files can be, from a build through store, checkout, export and import and back: modes with
 * setuid, owners, xattrs, capabilities, hard links, fifos, empty folders, names that are no text
 * or as long as they may be. As user: what users may not have is left out as the documentation of
 * checkout says. Folders 10,000 deep: tests/long/deep.test.ts.
 */
import {execFileSync} from 'node:child_process';
import test from 'ava';
import {EVERYTHING} from '../support/everything.ts';
import {moved, treeOf} from '../support/moved.ts';
import {recipes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';

/** What find, getfattr and ls say of a checkout: no times, owners or inodes. */
function facts(folder: string): string {
  const script = `cd "$1"; find . -printf '%P %y %m %l\\n' | LC_ALL=C sort
    getfattr -R -h -d -m - -e hex . 2> /dev/null
    stat -c '%n %h' one two sub/three equal; ls -1Q sub`;
  return execFileSync('sh', ['-c', script, 'sh', folder], {encoding: 'latin1'});
}

/** The lines of a manifest, with a word for the digest of each content. */
async function manifestOf(space: Space, label: string): Promise<string> {
  const tree = await treeOf(space, label);
  const text = space.read(`.recipes/trees/${tree.slice(0, 2)}/${tree.slice(2)}`);
  return text.replaceAll(/sha256digest=\S+/g, 'sha256digest=…');
}

/** Of the manifest: what a build may make, whoever runs it. */
const SURVIVES: readonly RegExp[] = [
  /^\.\/all\/setuid type=file mode=4755 /m,
  /^\.\/all\/setgid type=file mode=2755 /m,
  /^\.\/all\/sticky type=dir mode=1777 /m,
  /^\.\/all\/shared type=dir mode=2775 /m,
  /^\.\/all\/closed type=file mode=0000 /m,
  /^\.\/all\/secret type=dir mode=0000 .*\n\.\/all\/secret\/inside type=file/m,
  /^#xattr user\.note=YQpiPWNcZA==\n\.\/all\/marked /m,
  /^#xattr user\.folder=eWVz\n\.\/all\/noted type=dir/m,
  /^\.\/all\/one type=file(.*)\n(?:.*\n)*#hardlink \.\/all\/one\n\.\/all\/sub\/three type=file\1\n/m,
  /^#hardlink \.\/all\/one\n\.\/all\/two /m,
  /^\.\/all\/equal type=file/m,
  /^\.\/all\/link type=link mode=0777 uid=0 gid=0 link=\.\.\/nowhere$/m,
  /^\.\/all\/absolute type=link .* link=\/etc\/passwd$/m,
  /^\.\/all\/fifo type=fifo mode=0644 /m,
  /^\.\/all\/empty type=dir .*\n\.\/all\/empty\/again type=dir/m,
  /^\.\/all\/latin\\351 type=file/m,
  /^\.\/all\/new\\012line type=file/m,
  /^\.\/all\/\\040blank\\040 type=file/m,
  /^\.\/all\/\\043hash type=file/m,
  /^\.\/all\/back\\134slash type=file/m,
  /^\.\/all\/n{255} type=file/m,
  /^\.\/all\/m{255} type=dir/m,
  /^\.\/all\/nothing type=file mode=0644 uid=0 gid=0 size=0 /m,
];

test.serial('everything a file can be survives, and comes out the same elsewhere', async (t) => {
  t.timeout(120_000);
  await using space = Space.create(recipes({'t/all': EVERYTHING}));
  await space.expect(0, ['build']);
  const manifest = await manifestOf(space, 'all');
  for (const line of SURVIVES) t.regex(manifest, line);
  // A build of a user without subordinate ids has one id, and says so.
  if (!manifest.includes('no-owners')) t.regex(manifest, /^\.\/all\/owned .*uid=3 gid=4 /m);
  if (!manifest.includes('no-capabilities')) {
    t.regex(
      manifest,
      /^#xattr security\.capability=AQAAAgAgAAAAAAAAAAAAAAAAAAA=\n\.\/all\/capable /m,
    );
  }
  await space.expect(0, ['checkout', 'all', 'out']);
  await using other = await moved(space, 'all');
  t.is(await treeOf(other, 'all'), await treeOf(space, 'all'));
  t.regex((await other.expect(0, ['build', '-n'])).stdout, /1 fresh/);
  await other.expect(0, ['checkout', 'all', 'out']);
  await other.expect(0, ['checkout', '--copy', 'all', 'copied']);
  t.is(facts(other.at('out/all')), facts(space.at('out/all')));
  await other.expect(0, ['store', 'verify', '--full']);
  t.deepEqual(remains(space), []);
});

test.serial('a build upon it sees what the one before has made', async (t) => {
  const sees = `cd /sysroot/all; mkdir -p "$DESTDIR/seen"
find . -printf '%P %y %m %U:%G %n %l\\n' | LC_ALL=C sort > "$DESTDIR/seen/found"
getfattr -R -h -d -m - -e hex . > "$DESTDIR/seen/xattrs" || true
`;
  const user = {steps: sees, needs: ['all'], recipe: {tools: ['getfattr', 'find']}};
  await using space = Space.create(recipes({'t/all': EVERYTHING, 't/user': user}));
  await space.expect(0, ['build']);
  await space.expect(0, ['checkout', 'user', 'out']);
  const [found, xattrs] = [space.read('out/seen/found'), space.read('out/seen/xattrs')];
  t.regex(found, /^setuid f 4755 0:0 1 $/m);
  t.regex(found, /^shared d 2775 /m);
  t.regex(found, /^sub\/three f 644 0:0 3 $/m);
  t.regex(found, /^fifo p 644 /m);
  if (!found.includes('no-owners')) t.regex(found, /^owned f 644 3:4 /m);
  t.regex(xattrs, /# file: marked\nuser\.note=0x610a623d635c64/);
});
