/** Sources through the command line: fetched once, resumed, chosen, refused, and what is said. */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import zlib from 'node:zlib';
import test from 'ava';
import {planOf, recipe, recipes, resultOf, type Sketch} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space, until} from '../support/space.ts';
import {contents, serve, type Server} from '../unit/source/server.ts';
import {tar} from '../unit/source/tar-bytes.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A tarball as they are released, with one file `text` in `hello-1/`. */
function release(text: string): Buffer {
  const folder = {name: 'hello-1/', type: '5'};
  return zlib.gzipSync(tar(folder, {name: 'hello-1/text', content: text}));
}

const ONE = release('one\n');
const TWO = release('two\n');

interface Place {
  readonly url: string;
  readonly sha256: string;
  readonly or?: readonly Place[];
}

function hello(source: Place, more: Sketch = {}): Sketch {
  return {
    steps: 'install -Dm644 text "$DESTDIR/usr/share/$package"',
    recipe: {sources: [source]},
    ...more,
  };
}

const got = (server: Server): string[] => server.seen.map((one) => `${one.method} ${one.url}`);

test.serial('a source is fetched once, whatever needs it', async (t) => {
  await using server = await serve(contents({'/hello-1.tar.gz': ONE}));
  const source = {url: 'here:hello-1.tar.gz', sha256: sha256(ONE)};
  await using space = Space.create({
    ...recipes({
      't/hello': hello(source),
      't/again': hello({...source, url: `${server.at}/hello-1.tar.gz`}),
    }),
    'recipes.config.yaml': `aliases: {here: ${server.at}/}\n`,
  });
  const plan = planOf(await space.expect(0, ['build', '-n', '--json']));
  t.true(plan.plan.some((one) => one.kind === 'fetch' && one.verdict === 'run'));
  t.deepEqual(got(server), [], 'a plan fetches nothing');
  const {executed} = resultOf(await space.expect(0, ['build', '--json']));
  t.true(executed.includes('t/hello') && executed.includes('t/again'));
  t.deepEqual(got(server), ['GET /hello-1.tar.gz']);
  await space.expect(0, ['checkout', 'hello', 'out']);
  t.is(space.read('out/usr/share/hello'), 'one\n');
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, []);
  t.deepEqual(got(server), ['GET /hello-1.tar.gz']);
  t.deepEqual(remains(space), []);
});

test.serial('other bytes than the recipe names: expected and actual are shown', async (t) => {
  await using server = await serve(contents({'/hello-1.tar.gz': TWO}));
  await using space = Space.create(
    recipes({'t/hello': hello({url: `${server.at}/hello-1.tar.gz`, sha256: sha256(ONE)})}),
  );
  const {stderr} = await space.expect(1, ['build']);
  t.regex(stderr, /source\/digest/);
  t.true(stderr.includes(sha256(ONE)) && stderr.includes(sha256(TWO)), stderr);
  t.true(stderr.includes(`${server.at}/hello-1.tar.gz`));
  t.regex(stderr, /recipes\/t\/hello\.yaml:\d+:\d+/);
  t.deepEqual(fs.readdirSync(space.at('.recipes/files')), [], 'nothing is visible');
  t.deepEqual(remains(space), []);
});

test.serial('places that cannot be reached are listed, each with its reason', async (t) => {
  await using server = await serve(contents({}));
  await using gone = await serve(contents({}));
  await gone[Symbol.asyncDispose]();
  const digest = sha256(ONE);
  await using space = Space.create(
    recipes({
      't/hello': hello({
        url: `${server.at}/hello-1.tar.gz`,
        sha256: digest,
        or: [
          {url: `${gone.at}/hello-1.tar.gz`, sha256: digest},
          {url: 'file:///nowhere/hello-1.tar.gz', sha256: digest},
        ],
      }),
      't/user': {needs: ['hello']},
    }),
  );
  const {stderr} = await space.expect(1, ['build']);
  t.regex(stderr, /source\/unreachable/);
  t.regex(stderr, new RegExp(`${server.at}/hello-1\\.tar\\.gz.*404`));
  t.regex(stderr, new RegExp(`${gone.at}/hello-1\\.tar\\.gz.*(refused|ECONNREFUSED)`));
  t.regex(stderr, /file:\/\/\/nowhere\/hello-1\.tar\.gz/);
  t.regex(stderr, /2 skipped/);
});

test.serial('--offline names all that is missing at once, and builds what is there', async (t) => {
  await using server = await serve(contents({'/a.tar.gz': ONE, '/b.tar.gz': TWO}));
  await using space = Space.create(
    recipes({
      't/a': hello({url: `${server.at}/a.tar.gz`, sha256: sha256(ONE)}),
      't/b': hello({url: `${server.at}/b.tar.gz`, sha256: sha256(TWO)}),
    }),
  );
  const none = await space.expect(1, ['build', '--offline']);
  t.regex(none.stderr, /a\.tar\.gz is not in the store/);
  t.regex(none.stderr, /b\.tar\.gz is not in the store/);
  await space.expect(0, ['build', 'a']);
  const {length} = server.seen;
  await space.expect(0, ['build', 'a', '--offline', '--force']);
  await space.expect(1, ['build', '--offline']);
  t.is(server.seen.length, length);
});

test.serial('an interrupted download goes on where it stopped', async (t) => {
  const large = Buffer.concat([ONE, Buffer.alloc(3_000_000, 7)]);
  let cut = true;
  await using server = await serve((request, response) => {
    if (!cut) {
      contents({'/large.bin': large})(request, response);
      return;
    }
    response.writeHead(200, {'content-length': large.length, etag: '"v1"'});
    response.write(large.subarray(0, 2_000_000));
  });
  await using space = Space.create(
    recipes({
      't/large': {
        recipe: {sources: [{url: `${server.at}/large.bin`, sha256: sha256(large), unpack: false}]},
        steps: 'install -Dm644 /build/large.bin "$DESTDIR/large.bin"',
      },
    }),
  );
  const running = space.start(['build']);
  const parts = (): number =>
    [...list(space.at('.recipes/downloads'))].reduce(
      // Small ones are replaced by a rename while we look.
      (sum, file) => sum + (fs.statSync(file, {throwIfNoEntry: false})?.size ?? 0),
      0,
    );
  await until('most is here', () => parts() >= 1_900_000);
  running.child.kill('SIGINT');
  t.is((await running.ended).status, 130);
  cut = false;
  await space.expect(0, ['build']);
  t.regex(server.seen.at(-1)?.headers.range ?? '', /^bytes=[1-9]\d+-$/);
  await space.expect(0, ['checkout', 'large', 'out']);
  t.is(sha256(fs.readFileSync(space.at('out/large.bin'))), sha256(large));
  t.deepEqual(list(space.at('.recipes/downloads')), []);
});

test.serial('--on-error kill ends downloads too', async (t) => {
  await using server = await serve((_, response) => {
    response.writeHead(200, {'content-length': '1000'});
    response.write('half');
  });
  await using space = Space.create(
    recipes({
      't/slow': {
        recipe: {sources: [{url: `${server.at}/slow`, sha256: sha256(ONE), unpack: false}]},
      },
      't/bad': {steps: 'exit 3'},
    }),
  );
  const ran = await space.run(['build', '--json', '--on-error', 'kill']);
  t.is(ran.status, 1, space.report());
  const {failed, skipped} = resultOf(ran);
  t.deepEqual({failed, skipped}, {failed: ['t/bad'], skipped: ['t/slow', 't/slow@slow']});
});

function list(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .map((name) => `${folder}/${name}`)
    .filter((file) => fs.statSync(file).isFile());
}

test.serial(
  'or: the first that can be had is chosen, the choice stays, prefer changes it',
  async (t) => {
    const served: Record<string, Buffer> = {'/two.tar.gz': TWO};
    await using server = await serve((request, response) => contents(served)(request, response));
    await using space = Space.create(
      recipes({
        't/hello': hello({
          url: `${server.at}/one.tar.gz`,
          sha256: sha256(ONE),
          or: [{url: `${server.at}/two.tar.gz`, sha256: sha256(TWO)}],
        }),
      }),
    );
    const built = async (): Promise<string> => {
      await space.expect(0, ['build']);
      fs.rmSync(space.at('out'), {recursive: true, force: true});
      await space.expect(0, ['checkout', 'hello', 'out']);
      return space.read('out/usr/share/hello');
    };
    t.is(await built(), 'two\n');
    served['/one.tar.gz'] = ONE;
    t.is(await built(), 'two\n', 'the choice stays');
    t.is(planOf(await space.expect(0, ['build', '-n', '--json'])).plan[0]?.verdict, 'fresh');
    await space.expect(0, ['source', 'prefer', 'hello', '1']);
    t.is(await built(), 'one\n');
    await space.expect(0, ['source', 'prefer', 'hello', '2']);
    t.deepEqual(resultOf(await space.expect(0, ['build', '--json'])).executed, [], 'built before');
    t.is(await built(), 'two\n');
    t.regex((await space.expect(2, ['source', 'prefer', 'hello', '3'])).stderr, /place number 3/);
  },
);

test.serial('mirrors come first, and a host that failed is not asked again', async (t) => {
  await using server = await serve(contents({'/a.tar.gz': ONE, '/b.tar.gz': TWO}));
  await using mirror = await serve((_, response) => void response.destroy());
  await using space = Space.create({
    ...recipes({
      't/a': hello({url: 'here:a.tar.gz', sha256: sha256(ONE)}),
      't/b': hello({url: 'here:b.tar.gz', sha256: sha256(TWO)}, {needs: ['a']}),
    }),
    'recipes.config.yaml': `aliases: {here: ${server.at}/}\nmirrors: {"${server.at}/": ["${mirror.at}/"]}\n`,
  });
  await space.expect(0, ['build', '-j1']);
  t.is(new Set(mirror.seen.map((one) => one.url)).size <= 2, true);
  t.deepEqual(got(server).sort(), ['GET /a.tar.gz', 'GET /b.tar.gz']);
});

test.serial('a hostile archive is refused before anything is unpacked', async (t) => {
  const bad = zlib.gzipSync(tar({name: 'hello-1/../../escape', content: 'x'}));
  await using server = await serve(contents({'/bad.tar.gz': bad}));
  await using space = Space.create(
    recipes({'t/bad': hello({url: `${server.at}/bad.tar.gz`, sha256: sha256(bad)})}),
  );
  const {stderr} = await space.expect(1, ['build']);
  t.regex(stderr, /source\/archive-refused/);
  t.regex(stderr, /recipes\/t\/bad\.yaml:\d+:\d+/);
});

test.serial('source pin prints and writes the digest of a new source', async (t) => {
  await using server = await serve(contents({'/hello-1.tar.gz': ONE}));
  const url = `${server.at}/hello-1.tar.gz`;
  await using space = Space.create({
    'recipes/t/hello.yaml': recipe('t/hello', hello({url, sha256: '0'.repeat(63) + 'a'})),
  });
  const printed = await space.expect(0, ['source', 'pin', url]);
  t.is(printed.stdout, `- url: ${url}\n  sha256: ${sha256(ONE)}\n  size: ${String(ONE.length)}\n`);
  const json = JSON.parse((await space.expect(0, ['source', 'pin', url, '--json'])).stdout);
  t.deepEqual(json, {url, sha256: sha256(ONE), size: ONE.length});
  const before = space.read('recipes/t/hello.yaml');
  await space.expect(0, ['source', 'pin', url, '--write', 't/hello']);
  const after = space.read('recipes/t/hello.yaml');
  t.is(after, before.replace('0'.repeat(63) + 'a', sha256(ONE)));
  await space.expect(0, ['build']);
  t.true(server.seen.length <= 3);
  t.regex((await space.run(['source', 'pin', `${server.at}/nothing`])).stderr, /404/);
});

test.serial('new --url writes a recipe that builds', async (t) => {
  await using server = await serve(contents({'/hello-1.tar.gz': ONE}));
  await using space = Space.create();
  const url = `${server.at}/hello-1.tar.gz`;
  const {stderr} = await space.expect(0, ['new', 't/hello', '--url', url, '--kind', 'script']);
  t.regex(stderr, /recipes build t\/hello/);
  t.true(space.read('recipes/t/hello.yaml').includes(sha256(ONE)));
  await space.expect(0, ['validate']);
  t.regex((await space.expect(2, ['new', 't/hello'])).stderr, /there already/);
  t.regex((await space.expect(2, ['new', 'No/Name'])).stderr, /No\/Name/);
});
