/** What needs a process of its own: two engines at once, a full disk, certificates, kill -9. */
import test, {type ExecutionContext} from 'ava';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import type {AddressInfo} from 'node:net';
import {makeDirs, namesIn, readText, writeFileAtomic} from '../../../engine/base/files.ts';
import {
  ended,
  minimalEnv,
  run,
  start,
  type ChildProcess,
  type StartOptions,
} from '../../../engine/base/process.ts';
import {bench, blobText, digestOf, type Bench} from './support.ts';
import {contents, serve} from './server.ts';

const BODY = Buffer.alloc(2_000_000, 'abcdefg\n');

/** The program of a child: fetches one URL into a store and prints the result. */
function script(store: string, url: string, content: Buffer): string {
  const module = (name: string): string => new URL(`../../../${name}.js`, import.meta.url).href;
  return `
    const {openStore} = await import('${module('store/layout')}');
    const {openRun} = await import('${module('store/claims')}');
    const {fetchRemote} = await import('${module('engine/source/fetch')}');
    const {realHost} = await import('${module('engine/base/host')}');
    const opened = openStore(${JSON.stringify(store)}, undefined);
    if (!opened.ok) { console.log(JSON.stringify(opened)); process.exit(0); }
    const host = realHost();
    const run = openRun(opened.value, host);
    const at = {file: 'r', line: 1, column: 1, endLine: 1, endColumn: 1};
    const result = await fetchRemote(opened.value, {
      type: 'remote', at, size: undefined, placement: {name: 'x', strip: 1, into: 'x', unpack: 'auto'},
      places: [{url: ${JSON.stringify(url)}, sha256: '${digestOf(content)}', at}],
    }, {
      config: {aliases: {}, mirrors: {}, maxDownloadBytes: 1e9}, host, run, listener: () => {},
      offline: false, hostsDown: new Set(), signal: new AbortController().signal,
      stallMilliseconds: 20000,
    });
    run.release();
    console.log(JSON.stringify(result));`;
}

function argv(rig: Bench, url: string, content = BODY): string[] {
  return [process.execPath, '--input-type=module', '-e', script(rig.store.root, url, content)];
}

const PIPES: StartOptions = {stdio: ['ignore', 'pipe', 'pipe']};

/** The exit and the printed result of a child. */
async function resultOf(t: ExecutionContext, child: ChildProcess): Promise<string> {
  const done = await ended(child);
  t.is(done.stderr, '');
  return done.stdout;
}

test('two processes want the same file: one download', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': BODY}));
  const both = [1, 2].map(() => start(argv(rig, `${server.at}/x`), PIPES));
  const results = await Promise.all(both.map((child) => resultOf(t, child)));
  for (const result of results) t.regex(result, /"ok":true/);
  t.is(server.seen.length, 1);
  t.is(blobText(rig.store, BODY), BODY.toString());
  t.deepEqual(namesIn(path.join(rig.store.root, 'claims')), []);
});

test('killed in the middle: the next process goes on, and waits for nobody', async (t) => {
  await using rig = bench();
  let hold = true;
  let begun = (): void => undefined;
  const half = new Promise<void>((resolve) => (begun = resolve));
  const whole = contents({'/x': BODY});
  await using server = await serve((request, response) => {
    if (!hold) return whole(request, response);
    response.writeHead(200, {'content-length': BODY.length, etag: '"v1"'});
    response.write(BODY.subarray(0, 1_000_000), begun);
  });
  const first = start(argv(rig, `${server.at}/x`), {stdio: 'ignore'});
  await half;
  const part = path.join(rig.store.root, 'downloads', `${digestOf(BODY)}.part`);
  while (namesIn(path.dirname(part)).length < 2 || readText(part).length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  first.kill('SIGKILL');
  await ended(first);
  hold = false;
  const second = start(argv(rig, `${server.at}/x`), PIPES);
  t.regex(await resultOf(t, second), /"ok":true/);
  t.regex(server.seen[1]?.headers.range ?? '', /^bytes=\d+-$/);
  t.is(blobText(rig.store, BODY), BODY.toString());
});

test('a full disk says so, and leaves the store as it was', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': BODY}));
  const small = path.join(rig.folder, 'small');
  makeDirs(small);
  const inside = argv(rig, `${server.at}/x`).map((word) =>
    word.replaceAll(rig.store.root, path.join(small, 'store')),
  );
  const shell = 'mount -t tmpfs -o size=1m none "$0" && "$@" && ls -R "$0/store/files"';
  const done = await run([
    'unshare',
    '--user',
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    shell,
    small,
    ...inside,
  ]);
  if (/unshare|mount:|permission/i.test(done.stderr)) {
    t.log(`SKIPPED: no tmpfs in a user namespace here: ${done.stderr.trim()}`);
    return t.pass();
  }
  t.is(done.stderr, '');
  t.regex(done.stdout, /"code":"store\/full"/);
  t.false(done.stdout.includes('.644'));
});

interface Secure extends AsyncDisposable {
  readonly at: string;
  readonly certificate: string;
}

/** An https server with a certificate of its own; undefined where openssl is missing. */
async function serveSecurely(folder: string, location: string): Promise<Secure | undefined> {
  const [key, certificate] = [path.join(folder, 'key'), path.join(folder, 'certificate')];
  const made = await run([
    ...[
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
    ],
    ...[
      '-addext',
      'subjectAltName=DNS:localhost,DNS:far.test',
      '-keyout',
      key,
      '-out',
      certificate,
    ],
  ]);
  if (made.status !== 0) return undefined;
  const server = https.createServer(
    {key: readText(key), cert: readText(certificate)},
    (request, response) => {
      if (request.url === '/weaker') response.writeHead(302, {location}).end();
      else response.end(BODY);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise(
      (resolve) =>
        void server.close(() => {
          resolve();
        }),
    );
  };
  return {at: `https://localhost:${port}`, certificate, [Symbol.asyncDispose]: close};
}

test('https: by a proxy, with a known certificate, and never back to http', async (t) => {
  await using rig = bench();
  await using plain = await serve(contents({'/x': BODY}));
  await using secure = await serveSecurely(rig.folder, `${plain.at}/x`);
  if (secure === undefined) {
    t.log('SKIPPED: openssl is not installed');
    return t.pass();
  }
  await using proxy = await serve(() => undefined);
  const tunnels: string[] = [];
  proxy.server.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const onward = net.connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const get = async (url: string, env: Record<string, string>): Promise<string> => {
    const done = await run(argv(rig, url), {env: {...minimalEnv(), ...env}});
    return done.stdout + done.stderr;
  };
  const trusted = {NODE_EXTRA_CA_CERTS: secure.certificate};
  t.regex(await get(`${secure.at}/x`, {}), /self-signed certificate/);
  t.regex(await get(`${secure.at}/weaker`, trusted), /redirected from https to http:/);
  t.is(plain.seen.length, 0);
  t.is(blobText(rig.store, BODY), undefined);
  // A name that only the proxy knows.
  const far = secure.at.replace('localhost', 'far.test');
  t.regex(await get(`${far}/x`, {...trusted, https_proxy: proxy.at}), /"ok":true/);
  t.deepEqual(tunnels, [far.replace('https://', '')]);
  t.is(blobText(rig.store, BODY), BODY.toString());
});

test('a download that is finished is durable before its part is gone', async (t) => {
  await using rig = bench();
  await using server = await serve(contents({'/x': BODY}));
  // Ends the child before each of its mutating calls in turn, until none is left.
  writeFileAtomic(path.join(rig.folder, 'mark'), '');
  for (let n = 1, finished = false; !finished; n += 7) {
    const env = {...minimalEnv(), RECIPES_CRASH_AT: String(n)};
    const done = await run(argv(rig, `${server.at}/x`), {env});
    finished = done.signal === null;
    const text = blobText(rig.store, BODY);
    t.true(text === undefined || text === BODY.toString(), `after ${n} calls`);
    if (finished) t.regex(done.stdout, /"ok":true/);
  }
});
