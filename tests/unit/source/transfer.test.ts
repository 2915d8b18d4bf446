/** Transfers that break off, stand still, are too large, redirected, stopped; and going on. */
import test from 'ava';
import path from 'node:path';
import {namesIn, readText, writeFileAtomic} from '../../../engine/base/files.ts';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import {fetchRemote, type FetchContext, type Fetched} from '../../../engine/source/fetch.ts';
import {downloadsDir} from '../../../store/layout.ts';
import {
  bench,
  blobText,
  complaint,
  config,
  digestOf,
  place,
  remote,
  type Bench,
} from './support.ts';
import {answer, breakOff, contents, serve, type Server} from './server.ts';

const BODY = Buffer.from(Array.from({length: 40_000}, (_one, n) => `line ${n}\n`).join(''));
const HALF = Math.floor(BODY.length / 2);

function get(
  rig: Bench,
  server: Server,
  context: Partial<FetchContext> = {},
  size?: number,
): Promise<Checked<Fetched>> {
  return fetchRemote(
    rig.store,
    remote([place(`${server.at}/x`, BODY)], size),
    rig.context(context),
  );
}

function partFile(rig: Bench): string {
  return path.join(downloadsDir(rig.store), `${digestOf(BODY)}.part`);
}

/** Leaves half a download behind, as a run that was killed does. */
function leaveHalf(rig: Bench, bytes: Buffer, note: object | string): void {
  writeFileAtomic(partFile(rig), bytes);
  const text = typeof note === 'string' ? note : JSON.stringify(note);
  writeFileAtomic(`${partFile(rig)}.from`, text);
}

test('a connection that breaks off is taken up where it ended', async (t) => {
  await using rig = bench();
  await using server = await serve((request, response) => {
    if (request.headers.range === undefined) breakOff(response, BODY, HALF);
    else answer(request, response, BODY, '"v1"');
  });
  t.true((await get(rig, server)).ok);
  t.is(server.seen.length, 2);
  t.is(server.seen[1]?.headers.range, `bytes=${HALF}-`);
  t.is(server.seen[1]?.headers['if-range'], '"v1"');
  t.is(blobText(rig.store, BODY), BODY.toString());
});

test('a server that always breaks off is left after some tries, and the host with it', async (t) => {
  await using rig = bench();
  let sent = 0;
  await using server = await serve((_request, response) => {
    response.writeHead(206, {
      'content-range': `bytes ${sent}-${BODY.length - 1}/${BODY.length}`,
      'content-length': BODY.length - sent,
      etag: '"v1"',
    });
    if (sent === 0) response.statusCode = 200;
    response.write(BODY.subarray(sent, sent + 10), () => response.socket?.end());
    sent += 10;
  });
  const context = rig.context();
  const {code, text} = complaint(await get(rig, server, context));
  t.is(code, 'source/unreachable');
  t.regex(text, /broke off|206|aborted/);
  t.true(server.seen.length < 8);
});

test('what a killed run left is used when the server has the same file', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': BODY}));
  const note = {url: `${server.at}/x`, validator: '"v1"', total: BODY.length};
  leaveHalf(rig, BODY.subarray(0, HALF), note);
  t.true((await get(rig, server)).ok);
  t.deepEqual([server.seen.length, server.seen[0]?.headers.range], [1, `bytes=${HALF}-`]);
  t.is(blobText(rig.store, BODY), BODY.toString());
  t.deepEqual(namesIn(downloadsDir(rig.store)), []);
});

test('another mirror goes on when the size is the same', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': BODY}, '"other"'));
  leaveHalf(rig, BODY.subarray(0, HALF), {
    url: 'http://a.test/x',
    validator: '"v1"',
    total: BODY.length,
  });
  t.true((await get(rig, server)).ok);
  t.is(server.seen[0]?.headers['if-range'], undefined);
  t.is(server.seen.length, 1);
});

const LEFT: readonly [string, Buffer, (at: string) => object | string][] = [
  [
    'the file has changed since',
    Buffer.from('old'.repeat(1000)),
    (at) => ({url: `${at}/x`, validator: '"v0"', total: 9999}),
  ],
  [
    'bytes of another file under the right note',
    Buffer.alloc(HALF, 'z'),
    (at) => ({url: `${at}/x`, validator: '"v1"', total: BODY.length}),
  ],
  [
    'a size that does not fit',
    BODY.subarray(0, HALF),
    () => ({url: 'http://a.test/x', validator: null, total: 7}),
  ],
  [
    'more bytes than the file has',
    Buffer.concat([BODY, BODY]),
    (at) => ({url: `${at}/x`, validator: '"v1"', total: BODY.length}),
  ],
  ['no note', BODY.subarray(0, HALF), () => ''],
  ['a torn note', BODY.subarray(0, HALF), () => '{"url":"ht'],
  ['a note of something else', BODY.subarray(0, HALF), () => '[1]'],
  ['an empty part', Buffer.alloc(0), () => ({url: 'x', validator: 5, total: 'x'})],
];

for (const [name, bytes, note] of LEFT) {
  test(`left behind: ${name}: the right file in the end`, async (t) => {
    await using rig = bench();
    await using server = await serve(contents({'/x': BODY}));
    leaveHalf(rig, bytes, note(server.at));
    const result = await get(rig, server);
    t.true(result.ok, JSON.stringify(result));
    t.is(blobText(rig.store, BODY), BODY.toString());
    t.true(server.seen.length <= 2);
  });
}

test('a whole file left behind is not asked for at all', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({}));
  leaveHalf(rig, BODY, '');
  t.true((await get(rig, server)).ok);
  t.is(server.seen.length, 0);
});

test('a server that sends another range than asked for', async (t) => {
  await using rig = bench();
  await using server = await serve((request, response) => {
    if (request.headers.range === undefined) return void response.end(BODY);
    const rest = BODY.subarray(10);
    response
      .writeHead(206, {'content-range': `bytes 10-${BODY.length - 1}/${BODY.length}`})
      .end(rest);
  });
  leaveHalf(rig, BODY.subarray(0, HALF), {
    url: `${server.at}/x`,
    validator: '"v1"',
    total: BODY.length,
  });
  t.true((await get(rig, server)).ok);
  t.is(server.seen.length, 2);
});

const LARGE: readonly [string, (server: Server) => void][] = [
  ['announced', () => undefined],
  ['sent without saying', () => undefined],
];

for (const [index, [name]] of LARGE.entries()) {
  test(`larger than allowed, ${name}`, async (t) => {
    await using rig = bench();
    await using server = await serve((_request, response) => {
      if (index === 0) response.setHeader('content-length', BODY.length);
      response.end(BODY);
    });
    const {code, text} = complaint(
      await get(rig, server, {config: config({maxDownloadBytes: 1000})}),
    );
    t.is(code, 'source/unreachable');
    t.regex(text, /larger than the 1000 bytes that are allowed/);
  });
}

test('a size stated in the recipe: another announced, too much, too little', async (t) => {
  await using rig = bench();
  await using plain = await serve(contents({'/x': BODY}));
  await using silent = await serve(
    (_request, response) => void response.write(BODY, () => response.end()),
  );
  const size = BODY.length;
  t.regex(complaint(await get(rig, plain, {}, size + 1)).text, /has \d+ bytes, the recipe says/);
  t.regex(complaint(await get(rig, silent, {}, size - 1)).text, /larger than the/);
  t.regex(complaint(await get(rig, silent, {}, size + 1)).text, /has \d+ bytes, the recipe says/);
  // It allows more than the configuration does.
  t.true((await get(rig, plain, {config: config({maxDownloadBytes: 10})}, size)).ok);
});

test('nothing arrives: given up, and the host is down', async (t) => {
  await using rig = bench();
  await using server = await serve(() => undefined);
  const context = rig.context({stallMilliseconds: 30});
  t.regex(complaint(await get(rig, server, context)).text, /nothing arrived for 0.03 s/);
  t.true(context.hostsDown.has(server.host));
});

test('a body that stops in the middle: given up, the part stays', async (t) => {
  await using rig = bench();
  await using server = await serve((_request, response) => {
    response.writeHead(200, {'content-length': BODY.length});
    response.write(BODY.subarray(0, HALF));
  });
  const {text} = complaint(await get(rig, server, {stallMilliseconds: 1000}));
  t.regex(text, /nothing arrived for 1 s/);
  t.is(readText(partFile(rig)).length, HALF);
});

test('stopped by the signal: said so, other places are not asked, the part stays', async (t) => {
  await using rig = bench();
  const stop = new AbortController();
  await using server = await serve((_request, response) => {
    response.writeHead(200, {'content-length': BODY.length, etag: '"v1"'});
    response.write(BODY.subarray(0, HALF));
  });
  const listener: FetchContext['listener'] = (event) => {
    if (event.type === 'download' && event.bytes > 0) stop.abort();
  };
  const places = [place(`${server.at}/x`, BODY), place(`${server.at}/y`, BODY)];
  const context = rig.context({signal: stop.signal, listener});
  const result = await fetchRemote(rig.store, remote(places), context);
  t.is(complaint(result).code, 'source/interrupted');
  t.is(server.seen.length, 1);
  t.is(context.hostsDown.size, 0);
  t.true(readText(partFile(rig)).length > 0);
  t.deepEqual(namesIn(path.join(rig.store.root, 'claims')), []);
  // The next run goes on from there.
  await using whole = await serve(contents({'/x': BODY}));
  t.true((await get(rig, whole)).ok);
  t.regex(whole.seen[0]?.headers.range ?? '', /^bytes=[1-9]/);
});

test('stopped before it began: nothing is asked', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': BODY}));
  const result = await get(rig, server, {signal: AbortSignal.abort()});
  t.is(complaint(result).code, 'source/interrupted');
  t.is(server.seen.length, 0);
});

/** A server whose /n leads to /n-1 and so on, down to the file at /0. */
function chain(): Promise<Server> {
  return serve((request, response) => {
    const left = Number(request.url?.slice(1));
    if (left === 0) return void response.end(BODY);
    response.writeHead(302, {location: left === 1 ? '/0' : `./${left - 1}`}).end('moved');
  });
}

test('five redirects are followed, six are not', async (t) => {
  await using rig = bench();
  await using server = await chain();
  const ask = (n: number): Promise<Checked<Fetched>> =>
    fetchRemote(rig.store, remote([place(`${server.at}/${n}`, BODY)]), rig.context());
  t.regex(complaint(await ask(6)).text, /more than 5 redirects/);
  t.true((await ask(5)).ok);
});

const REDIRECTS: readonly [string, RegExp][] = [
  ['file:///etc/passwd', /redirected to file:\/\/\/etc\/passwd/],
  ['ftp://a.test/x', /redirected to ftp:\/\/a.test\/x/],
  ['http://[', /redirected to something that is no URL/],
];

for (const [location, expected] of REDIRECTS) {
  test(`a redirect to ${location} is refused`, async (t) => {
    await using rig = bench();
    await using server = await serve(
      (_request, response) => void response.writeHead(301, {location}).end(),
    );
    t.regex(complaint(await get(rig, server)).text, expected);
  });
}

test('a redirect that leads nowhere is an answer like others', async (t) => {
  await using rig = bench();
  await using server = await serve((_request, response) => void response.writeHead(304).end());
  t.regex(complaint(await get(rig, server)).text, /304 Not Modified/);
});

test('progress: not for every piece, the last one says it is done', async (t) => {
  await using rig = bench();
  await using server = await serve((_request, response) => {
    response.setHeader('content-length', BODY.length);
    for (let at = 0; at < BODY.length; at += 1000) response.write(BODY.subarray(at, at + 1000));
    response.end();
  });
  // A clock that moves 10 ms whenever somebody looks at it.
  let clock = 0;
  const host = {...rig.context().host, tick: () => (clock += 10)};
  t.true((await get(rig, server, {host})).ok);
  const reports = rig.events.flatMap((event) => (event.type === 'download' ? event : []));
  t.true(reports.length >= 2 && reports.length <= clock / 100 + 2, `${reports.length}`);
  t.deepEqual(reports.map((one) => one.done).lastIndexOf(false), reports.length - 2);
  t.is(reports.at(-1)?.bytes, BODY.length);
  t.is(reports.at(-1)?.total, BODY.length);
});

test('bytes are taken as they are sent, whatever Content-Encoding says', async (t) => {
  await using rig = bench();
  await using server = await serve((_request, response) => {
    response.writeHead(200, {'content-encoding': 'gzip'}).end(BODY);
  });
  t.true((await get(rig, server)).ok);
  t.is(server.seen[0]?.headers['accept-encoding'], 'identity');
});

test('an http proxy is asked for the whole URL, with its own credentials only', async (t) => {
  await using rig = bench();
  await using proxy = await serve((_request, response) => void response.end(BODY));
  const env = {http_proxy: proxy.at.replace('//', '//who:pass@')};
  const host = {...rig.context().host, env};
  const url = 'http://me:pw@far.test:8080/x?y';
  const result = await fetchRemote(rig.store, remote([place(url, BODY)]), rig.context({host}));
  t.true(result.ok, JSON.stringify(result));
  const [seen] = proxy.seen;
  t.is(seen?.url, 'http://far.test:8080/x?y');
  t.is(seen?.headers.host, 'far.test:8080');
  t.is(seen?.headers['proxy-authorization'], `Basic ${btoa('who:pass')}`);
  t.is(seen?.headers.authorization, `Basic ${btoa('me:pw')}`);
});

test('a proxy that does not let us through is named as the reason', async (t) => {
  await using rig = bench();
  await using proxy = await serve(() => undefined);
  proxy.server.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  const host = {...rig.context().host, env: {https_proxy: proxy.at}};
  const source = remote([place('https://far.test/x', BODY)]);
  const {text} = complaint(await fetchRemote(rig.store, source, rig.context({host})));
  t.regex(text, /far.test\/x: the proxy answered 403 Forbidden/);
});
