/** Getting sources from servers on this machine: what is stored, what is asked, what is said. */
import test from 'ava';
import path from 'node:path';
import {namesIn, writeFileAtomic, makeDirs} from '../../../engine/base/files.ts';
import {fetchRemote} from '../../../engine/source/fetch.ts';
import {downloadsDir} from '../../../store/layout.ts';
import {putBytes} from '../../../store/pool.ts';
import {bench, blobText, complaint, config, digestOf, place, remote} from './support.ts';
import {contents, serve} from './server.ts';

const HELLO = 'hello, world\n';

test('a download is stored under its digest, and nothing else is left', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x.tar.gz': HELLO}));
  const url = `${server.at}/x.tar.gz`;
  const result = await fetchRemote(rig.store, remote([place(url, HELLO)]), rig.context());
  t.deepEqual(result, {ok: true, value: {digest: digestOf(HELLO), url}});
  t.is(blobText(rig.store, HELLO), HELLO);
  t.deepEqual(namesIn(downloadsDir(rig.store)), []);
  t.deepEqual(namesIn(path.join(rig.store.root, 'claims')), []);
  const last = rig.events.at(-1);
  t.deepEqual(last, {type: 'download', name: 'x.tar.gz', url, bytes: 13, total: 13, done: true});
});

test('what is in the store is not asked for', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': HELLO}));
  putBytes(rig.store, HELLO);
  const places = [place(`${server.at}/other`, 'other'), place('gnu:x', HELLO)];
  const result = await fetchRemote(rig.store, remote(places), rig.context({offline: true}));
  t.deepEqual(result, {ok: true, value: {digest: digestOf(HELLO), url: 'gnu:x'}});
  t.is(server.seen.length, 0);
});

test('another file is refused: expected, actual, size and URL are said', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': 'changed'}));
  const source = remote([place(`${server.at}/x`, HELLO)]);
  const {code, text, hint} = complaint(await fetchRemote(rig.store, source, rig.context()));
  t.is(code, 'source/digest');
  for (const part of [digestOf(HELLO), digestOf('changed'), '7 bytes', `${server.at}/x`]) {
    t.true(text.includes(part), part);
  }
  t.regex(hint, /pin it again/);
  t.is(blobText(rig.store, 'changed'), undefined);
  t.deepEqual(namesIn(downloadsDir(rig.store)), []);
});

for (const page of [
  '<!DOCTYPE html>\n<title>x',
  '  <html lang="en">',
  '<?xml version="1.0"?>\n<!DOCTYPE html>',
]) {
  test(`a page instead of the file: ${page.slice(0, 12)}`, async (t) => {
    await using rig = bench();
    await using server = await serve(contents({'/x': page}));
    const source = remote([place(`${server.at}/x`, HELLO)]);
    t.regex(complaint(await fetchRemote(rig.store, source, rig.context())).hint, /HTML page/);
  });
}

test('mirrors and prefixes in order, until one has the file', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/two/p/x': HELLO}));
  const aliases = {gnu: [`${server.at}/one`, `${server.at}/two`]};
  const mirrors = {[`${server.at}/one`]: [`${server.at}/near`]};
  const context = rig.context({config: config({aliases, mirrors})});
  const result = await fetchRemote(rig.store, remote([place('gnu:p/x', HELLO)]), context);
  t.is(result.ok && result.value.url, `${server.at}/two/p/x`);
  t.deepEqual(
    server.seen.map((one) => one.url),
    ['/near/p/x', '/one/p/x', '/two/p/x'],
  );
});

test('or: the next place with other bytes; its digest is what was used', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/b': 'repacked'}));
  const places = [place(`${server.at}/a`, HELLO), place(`${server.at}/b`, 'repacked')];
  const result = await fetchRemote(rig.store, remote(places), rig.context());
  t.is(result.ok && result.value.digest, digestOf('repacked'));
});

test('a size in the recipe is that of its first place', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/a': `${HELLO}!`, '/b': 'repacked'}));
  const places = [place(`${server.at}/a`, HELLO), place(`${server.at}/b`, 'repacked')];
  const result = await fetchRemote(rig.store, remote(places, HELLO.length), rig.context());
  t.is(result.ok && result.value.digest, digestOf('repacked'));
});

test('the recorded choice is asked first; when it fails, what is here is used', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/b': 'b', '/a': 'a'}));
  const places = [
    place(`${server.at}/a`, 'a'),
    place(`${server.at}/b`, 'b'),
    place(`${server.at}/c`, 'c'),
  ];
  const b = await fetchRemote(rig.store, remote(places), rig.context({preferred: digestOf('b')}));
  t.is(b.ok && b.value.digest, digestOf('b'));
  const c = await fetchRemote(rig.store, remote(places), rig.context({preferred: digestOf('c')}));
  t.is(c.ok && c.value.digest, digestOf('b'));
  t.deepEqual(
    server.seen.map((one) => one.url),
    ['/b', '/c'],
  );
});

test('every place is listed with its reason', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({}));
  const closed = await serve(contents({}));
  await closed[Symbol.asyncDispose]();
  const urls = [
    `${server.at}/x`,
    `${closed.at}/x`,
    'nope:x',
    'ftp://a.test/x',
    'file:///no/such/file',
    'debian:x',
    'https://',
  ];
  const source = remote(urls.map((url) => place(url, HELLO)));
  const context = rig.context({host: {...rig.context().host, env: {RECIPES_APT_DIR: rig.folder}}});
  const {code, text, hint} = complaint(await fetchRemote(rig.store, source, context));
  t.is(code, 'source/unreachable');
  const lines = text.split('\n');
  t.is(lines.length, urls.length + 1);
  t.is(lines[1], `${server.at}/x: 404 Not Found`);
  t.is(lines[2], `${closed.at}/x: connection refused (ECONNREFUSED)`);
  t.is(lines[3], 'nope:x: no alias nope is configured');
  t.is(lines[4], 'ftp://a.test/x: ftp: is not supported');
  t.regex(lines[5] ?? '', /^file:\/\/\/no\/such\/file: ENOENT/);
  t.is(lines[6], "debian:x: apt's configuration names no Debian archive");
  t.is(lines[7], 'https://: this is no URL');
  t.regex(hint, /or:/);
});

test('a host that failed is not asked again; one that has not the file is', async (t) => {
  await using rig = bench();
  await using server = await serve((request, response) => {
    response.writeHead(request.url === '/broken' ? 500 : 404).end();
  });
  const context = rig.context();
  const get = async (name: string): Promise<string> =>
    complaint(await fetchRemote(rig.store, remote([place(`${server.at}/${name}`, name)]), context))
      .text;
  t.regex(await get('a'), /404 Not Found/);
  t.regex(await get('broken'), /500 Internal Server Error/);
  t.regex(await get('c'), new RegExp(`not tried: ${server.host} failed before`));
  t.deepEqual([...context.hostsDown], [server.host]);
  t.is(server.seen.length, 2);
});

test('the right file after a wrong one: a warning names the wrong one', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/bad': 'bad', '/good': HELLO}));
  const places = [place(`${server.at}/bad`, HELLO), place(`${server.at}/good`, HELLO)];
  t.true((await fetchRemote(rig.store, remote(places), rig.context())).ok);
  const warnings = rig.events.flatMap((one) => (one.type === 'diagnostic' ? one.diagnostic : []));
  t.is(warnings.length, 1);
  t.is(warnings[0]?.code, 'source/digest');
  t.is(warnings[0]?.severity, 'warning');
});

test('offline: the source and its places are named, nothing is asked', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': HELLO}));
  const source = remote([place(`${server.at}/x`, HELLO)]);
  const {code, text} = complaint(
    await fetchRemote(rig.store, source, rig.context({offline: true})),
  );
  t.is(code, 'source/offline');
  t.is(text, `x.tar.gz is not in the store and --offline is set\n${server.at}/x`);
  t.is(server.seen.length, 0);
});

test('offline with another choice recorded: what is here is used', async (t) => {
  await using rig = bench();
  putBytes(rig.store, 'a');
  const source = remote([place('x:a', 'a'), place('x:b', 'b')]);
  const context = rig.context({offline: true, preferred: digestOf('b')});
  const result = await fetchRemote(rig.store, source, context);
  t.is(result.ok && result.value.digest, digestOf('a'));
});

test('a file of this machine', async (t) => {
  await using rig = bench();
  const folder = path.join(rig.folder, 'a b');
  makeDirs(folder);
  writeFileAtomic(path.join(folder, 'x'), HELLO);
  const get = async (url: string): Promise<string> =>
    complaint(await fetchRemote(rig.store, remote([place(url, HELLO)]), rig.context())).text;
  t.regex(await get(`file://${rig.folder}`), /it is no file/);
  t.regex(await get(`file://elsewhere/x`), /host|File URL/);
  t.regex(await get(`file://${rig.folder}/a%20b/x`), new RegExp(digestOf(HELLO)));
  t.is(blobText(rig.store, HELLO), HELLO);
});

test('user, password and query appear in no message', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({}));
  const url = `${server.at.replace('//', '//me:s3cret@')}/x?token=s3cret`;
  const result = await fetchRemote(rig.store, remote([place(url, HELLO)]), rig.context());
  t.false(
    JSON.stringify(result).includes('s3cret') || JSON.stringify(rig.events).includes('s3cret'),
  );
  t.is(server.seen[0]?.headers.authorization, `Basic ${btoa('me:s3cret')}`);
  t.is(server.seen[0]?.url, '/x?token=s3cret');
});

test('several nodes want the same file: one download', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': HELLO}));
  const source = remote([place(`${server.at}/x`, HELLO)]);
  const all = await Promise.all(
    Array.from({length: 20}, () => fetchRemote(rig.store, source, rig.context())),
  );
  t.true(all.every((one) => one.ok));
  t.is(server.seen.length, 1);
});

test('the second of two tries again by itself when the first failed', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/good': HELLO}));
  const get = (name: string): Promise<{ok: boolean}> =>
    fetchRemote(rig.store, remote([place(`${server.at}/${name}`, HELLO)]), rig.context());
  const [bad, good] = await Promise.all([get('bad'), get('good')]);
  t.false(bad.ok);
  t.true(good.ok);
});
