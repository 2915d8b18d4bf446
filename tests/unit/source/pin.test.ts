/** Pinning: the sha256 of what is behind a URL now. */
import test from 'ava';
import path from 'node:path';
import {namesIn, writeFileAtomic} from '../../../engine/base/files.ts';
import {sha256} from '../../../engine/base/hash.ts';
import {computePin} from '../../../engine/source/pin.ts';
import {downloadsDir} from '../../../store/layout.ts';
import {bench, blobText, complaint, config, digestOf} from './support.ts';
import {contents, serve} from './server.ts';

test('digest and size; the bytes stay for the first build', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/two/x': 'hello'}));
  const aliases = {gnu: [`${server.at}/one`, `${server.at}/two`]};
  const result = await computePin(rig.store, 'gnu:x', rig.context({config: config({aliases})}));
  const from = `${server.at}/two/x`;
  t.deepEqual(result, {ok: true, value: {sha256: digestOf('hello'), size: 5, from}});
  t.is(blobText(rig.store, 'hello'), 'hello');
  t.deepEqual(namesIn(downloadsDir(rig.store)), []);
});

test('bytes of an earlier try are not used: nothing vouches for them', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': 'hello'}));
  const url = `${server.at}/x`;
  const part = path.join(downloadsDir(rig.store), `pin-${sha256(url).slice(0, 32)}.part`);
  writeFileAtomic(part, 'HE');
  writeFileAtomic(`${part}.from`, JSON.stringify({url, validator: '"v1"', total: 5}));
  const result = await computePin(rig.store, url, rig.context());
  t.is(result.ok && result.value.sha256, digestOf('hello'));
  t.is(server.seen[0]?.headers.range, undefined);
});

test('what keeps a pin from being made', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({}));
  const get = async (url: string, part = {}): Promise<{code: string; text: string}> =>
    complaint(await computePin(rig.store, url, rig.context(part)));
  const missing = await get(`${server.at}/x`);
  t.is(missing.code, 'source/unreachable');
  t.regex(missing.text, /404 Not Found/);
  t.regex((await get('nope:x')).text, /no alias nope is configured/);
  t.is((await get(`${server.at}/x`, {offline: true})).code, 'source/offline');
  t.is((await get(`${server.at}/x`, {signal: AbortSignal.abort()})).code, 'source/interrupted');
});
