/** The same recipes give the same trees, whoever builds them, wherever, under whatever settings. */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {joins, recipes, resultOf} from '../support/recipes.ts';
import {MAIN, Space, type RunOptions} from '../support/space.ts';

const PROJECT = path.resolve(path.dirname(MAIN), '../../..');

/** Runs \`node main.cjs …\` as nobody, from a second name of the code: the first may lie in /root. */
const AS_NOBODY = `mount --bind "$1" "$2"; place=$2; node=$3; main=\${4#"$1"}; shift 4
exec setpriv --reuid 65534 --regid 65534 --clear-groups -- "$node" "$place$main" "$@"`;

/** Modes by umask and by hand, links, time, locale order, what programs say of the user. */
const ODD = `mkdir -p "$DESTDIR/usr/share/odd" && cd "$DESTDIR/usr/share/odd"
touch b A c; ls > order; umask > mask; id > who
echo "$HOME $TMPDIR $LC_ALL $TZ \${HOSTNAME-}" > settings
install -m 4711 /dev/null setuid; ln -s order link; ln order hard; mkdir -m 1777 shared
cat /build/odd-1/file > source; stat -c '%a %u:%g %Y' /build/odd-1/file > facts`;

const FILES: Readonly<Record<string, string>> = {
  ...recipes({
    't/odd': {tools: ['id'], recipe: {sources: [{path: './odd/src'}]}, steps: ODD},
    't/user': {needs: ['odd'], steps: joins('user', ['odd/order', 'odd/facts'])},
  }),
  'recipes/t/odd/src/file': 'content\n',
  'recipes/t/sys.yaml': `package: sys
version: '1'
summary: A system
root:
  layers: [odd, user]
  users: {root: {uid: 0, home: /root}, mail: {uid: 8, gid: 12}}
  groups: {root: {gid: 0}, mail: {gid: 12}}
  folders: {/tmp: {mode: 1777}, /var/mail: {mode: 2775, owner: 'root:mail'}}
  files: {/usr/bin/lend: {text: "lend\\n", mode: 4755, owner: mail}}
`,
};

type Trees = readonly (string | null)[];

async function trees(space: Space, options: RunOptions = {}): Promise<Trees> {
  const ran = await space.expect(0, ['build', '--json'], options);
  return resultOf(ran).targets.map((one) => one.tree);
}

async function reference(): Promise<Trees> {
  await using space = Space.create(FILES);
  return await trees(space);
}

test.serial('another umask, folder, home, locale, time zone, number of jobs', async (t) => {
  const usual = await reference();
  t.true(usual.length === 3 && usual.every((one) => one !== null));
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes test '));
  t.teardown(() => fs.rmSync(parent, {recursive: true, force: true}));
  await using space = Space.create(FILES, parent);
  fs.chmodSync(space.at('recipes/t/odd/src/file'), 0o600);
  fs.utimesSync(space.at('recipes/t/odd/src/file'), 1, 1);
  const env = {HOME: '/nowhere', TZ: 'Asia/Tokyo', LANG: 'C', LC_ALL: 'de_DE.UTF-8', CFLAGS: '-O9'};
  const through = ['sh', '-c', 'umask 077; exec "$@"', 'masked'];
  t.deepEqual(await trees(space, {env, through}), usual);
  await space.expect(0, ['build', '-j7', '--force'], {env});
});

test.serial('as root and as a user without further ids', async (t) => {
  if (process.getuid?.() !== 0) {
    t.log('skipped: becoming another user needs root');
    t.pass();
    return;
  }
  await using space = Space.create(FILES);
  const code = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-test-'));
  t.teardown(() => {
    fs.rmdirSync(code);
  });
  execFileSync('chown', ['-R', '65534:65534', space.root]);
  const through = ['unshare', '--mount', 'sh', '-ec', AS_NOBODY, 'sh', PROJECT, code];
  const asNobody = {through, env: {HOME: '/nonexistent'}};
  await using usual = Space.create(FILES);
  t.deepEqual(await trees(space, asNobody), await trees(usual));
  // So are archives of a whole system, each time, with owners that neither could give to a file.
  await usual.expect(0, ['export', 'sys', '-o', 'one.tar']);
  await usual.expect(0, ['export', 'sys', '-o', 'two.tar']);
  await space.expect(0, ['export', 'sys', '-o', 'one.tar'], asNobody);
  const archive = fs.readFileSync(usual.at('one.tar'));
  t.true(fs.readFileSync(usual.at('two.tar')).equals(archive));
  t.true(fs.readFileSync(space.at('one.tar')).equals(archive));
  const listed = execFileSync('tar', ['-tv', '--numeric-owner', '-f', usual.at('one.tar')]);
  t.regex(String(listed), /^-rwsr-xr-x 8\/12 .* usr\/bin\/lend$/m);
  t.regex(String(listed), /^drwxrwsr-x 0\/12 .* var\/mail\/$/m);
});

test.serial('below a folder that is closed to everybody else', async (t) => {
  const closed = fs.mkdtempSync(path.join(os.homedir(), '.recipes-test-'));
  try {
    fs.chmodSync(closed, 0o700);
    await using space = Space.create(FILES, closed);
    t.deepEqual(await trees(space), await reference());
  } finally {
    fs.rmSync(closed, {recursive: true, force: true});
  }
});
