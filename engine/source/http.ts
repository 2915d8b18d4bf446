/**
 * One GET over http or https: redirects, proxies, and an end to transfers that stand still.
 * Knows nothing of files, digests or recipes.
 *
 * Not built on Node's fetch: that one ignores proxy variables, unpacks Content-Encoding (the
 * bytes would no longer be those of the digest) and follows redirects from https to http.
 */
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import {errorCode} from '../base/files.ts';
import {err, ok, type Result} from '../base/result.ts';
import {basicCredentials, proxyFor, publicUrl} from './proxy.ts';

export interface HttpOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Where proxy variables are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Give up when nothing arrives for so long. */
  readonly stallMilliseconds: number;
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Throws `HttpTrouble` when the transfer breaks off. Read it to its end or call `drop`. */
  readonly body: AsyncIterable<Buffer>;
  drop(): void;
}

/** Why a transfer failed. */
export interface HttpFault {
  /** For people, without the URL. */
  readonly reason: string;
  /** The host that is at fault and need not be asked again; undefined: it did answer. */
  readonly host: string | undefined;
  /** `stopped`: by the caller's signal; `stalled`: by us; `broken`: by the other side. */
  readonly kind: 'answered' | 'broken' | 'stalled' | 'stopped';
}

export class HttpTrouble extends Error {
  override readonly name = 'HttpTrouble';
  readonly fault: HttpFault;

  constructor(fault: HttpFault) {
    super(fault.reason);
    this.fault = fault;
  }
}

const MOST_REDIRECTS = 5;

/** Asks for a URL and gives the first answer that is no redirect, whatever its status. */
export async function openUrl(
  url: string,
  options: HttpOptions,
): Promise<Result<Reply, HttpFault>> {
  let at = new URL(url);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const reply = await ask(at, options);
    const {location} = reply.ok ? reply.value.headers : {};
    if (!reply.ok || !isRedirect(reply.value.status) || location === undefined) return reply;
    reply.value.drop();
    const next = nextUrl(at, location);
    if (!next.ok) return err(answered(next.error));
    at = next.value;
  }
  return err(answered(`more than ${MOST_REDIRECTS} redirects`));
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function nextUrl(from: URL, location: string): Result<URL, string> {
  if (!URL.canParse(location, from.href)) return err('redirected to something that is no URL');
  const next = new URL(location, from);
  const shown = publicUrl(next.href);
  if (next.protocol !== 'http:' && next.protocol !== 'https:') return err(`redirected to ${shown}`);
  const isWeaker = from.protocol === 'https:' && next.protocol === 'http:';
  return isWeaker ? err(`redirected from https to ${shown}`) : ok(next);
}

function answered(reason: string): HttpFault {
  return {reason, host: undefined, kind: 'answered'};
}

/** Ends a request when nothing happens for a while, or when the caller wants it to end. */
class Watch {
  /** Aborted by the caller or by us. A joint signal: many requests share the caller's. */
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #options: HttpOptions;
  readonly #host: string;
  #stalled = false;

  constructor(options: HttpOptions, host: string) {
    this.#options = options;
    this.#host = host;
    const stop = new AbortController();
    this.signal = AbortSignal.any([options.signal, stop.signal]);
    this.#timer = setTimeout(() => {
      this.#stalled = true;
      stop.abort();
    }, options.stallMilliseconds);
  }

  /** Something arrived. */
  touch(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** What an error of the request means. */
  faultOf(error: unknown): HttpFault {
    if (this.#options.signal.aborted) return {reason: 'stopped', host: undefined, kind: 'stopped'};
    if (!this.#stalled) return {reason: reasonOf(error), host: this.#host, kind: 'broken'};
    const seconds = this.#options.stallMilliseconds / 1000;
    return {reason: `nothing arrived for ${seconds} s`, host: this.#host, kind: 'stalled'};
  }
}

async function ask(url: URL, options: HttpOptions): Promise<Result<Reply, HttpFault>> {
  const watch = new Watch(options, url.host);
  try {
    const message = await send(url, options, watch.signal);
    watch.touch();
    return ok(replyOf(message, watch));
  } catch (error) {
    watch.end();
    return err(watch.faultOf(error));
  }
}

function replyOf(message: http.IncomingMessage, watch: Watch): Reply {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    body: bodyOf(message, watch),
    drop: () => {
      watch.end();
      message.destroy();
    },
  };
}

async function* bodyOf(message: http.IncomingMessage, watch: Watch): AsyncGenerator<Buffer> {
  try {
    for await (const piece of message) {
      watch.touch();
      yield piece as Buffer;
      watch.touch();
    }
  } catch (error) {
    throw new HttpTrouble(watch.faultOf(error));
  } finally {
    watch.end();
    message.destroy();
  }
}

type Ask = Omit<https.RequestOptions, 'headers'> & {
  readonly headers: Readonly<Record<string, string>>;
};

/** Sends the request by the way the proxy variables say. */
async function send(
  url: URL,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const proxy = proxyFor(url, options.env);
  const headers = {'user-agent': 'recipes', accept: '*/*', 'accept-encoding': 'identity'};
  const credentials = basicCredentials(url);
  const own = credentials === undefined ? {} : {authorization: credentials};
  const request = {
    headers: {...headers, ...own, ...options.headers},
    signal,
    agent: false as const,
  };
  if (proxy === undefined) return get(url, request);
  if (url.protocol === 'http:') return getByProxy(url, proxy, request);
  const socket = await tunnel(url, proxy, signal);
  const secure = (): net.Socket => tls.connect({socket, host: url.hostname, ...serverName(url)});
  // `undefined`, not false: with an agent of its own Node ignores createConnection.
  return get(url, {...request, agent: undefined, createConnection: secure});
}

function get(url: URL, options: https.RequestOptions): Promise<http.IncomingMessage> {
  const {request} = url.protocol === 'https:' ? https : http;
  return answerOf(request(bare(url), options));
}

/** A plain proxy is asked for the whole URL. */
function getByProxy(url: URL, proxy: URL, request: Ask): Promise<http.IncomingMessage> {
  const headers = {...request.headers, host: url.host, ...proxyHeaders(proxy)};
  return get(proxy, {...request, headers, path: bare(url).href});
}

/** The URL without user and password: those travel in a header of our own making. */
function bare(url: URL): URL {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  copy.hash = '';
  return copy;
}

function proxyHeaders(proxy: URL): Record<string, string> {
  const credentials = basicCredentials(proxy);
  return credentials === undefined ? {} : {'proxy-authorization': credentials};
}

/** A connection through the proxy to the server of an https URL (CONNECT, RFC 9110 §9.3.6). */
function tunnel(url: URL, proxy: URL, signal: AbortSignal): Promise<net.Socket> {
  const target = `${url.hostname}:${url.port || '443'}`;
  const {request} = proxy.protocol === 'https:' ? https : http;
  const headers = {host: target, ...proxyHeaders(proxy)};
  const asked = request(bare(proxy), {
    method: 'CONNECT',
    path: target,
    headers,
    signal,
    agent: false,
  });
  return new Promise((resolve, reject) => {
    asked.once('error', reject);
    asked.once('connect', (message: http.IncomingMessage, socket: net.Socket) => {
      if (message.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy answered ${statusText(message)}`));
    });
    asked.end();
  });
}

/** RFC 6066 allows no IP address as server name. */
function serverName(url: URL): {servername?: string} {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return net.isIP(name) === 0 ? {servername: name} : {};
}

function answerOf(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Stays: an error after the response goes to the message, but may also be emitted here.
    request.on('error', reject);
    request.end();
  });
}

/** `404 Not Found`. */
export function statusText(reply: {readonly statusCode?: number | undefined}): string {
  const status = reply.statusCode ?? 0;
  return `${status} ${http.STATUS_CODES[status] ?? ''}`.trim();
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host is not known',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
};

function reasonOf(error: unknown): string {
  const code = errorCode(error) ?? '';
  const said = error instanceof Error && error.message !== '' ? error.message : code;
  const words = WORDS[code];
  return words === undefined ? said : `${words} (${code})`;
}
