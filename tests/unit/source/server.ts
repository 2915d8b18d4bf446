/** A web server on this machine whose answers a test decides, and the requests it saw. */
import http from 'node:http';
import type {AddressInfo} from 'node:net';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly at: string;
  readonly host: string;
  readonly seen: Seen[];
  readonly server: http.Server;
}

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export async function serve(handler: Handler): Promise<Server> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const {method = '', url = '', headers} = request;
    seen.push({method, url, headers});
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  const host = `127.0.0.1:${port}`;
  return {at: `http://${host}`, host, seen, server, [Symbol.asyncDispose]: close};
}

/** Serves contents by path, with ETag and ranges as a good server does; 404 for the rest. */
export function contents(of: Readonly<Record<string, string | Buffer>>, etag = '"v1"'): Handler {
  return (request, response) => {
    const content = of[request.url ?? ''];
    if (content === undefined) return void response.writeHead(404).end('no');
    answer(request, response, Buffer.from(content), etag);
  };
}

export function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  body: Buffer,
  etag: string,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? NaN);
  const unchanged = (request.headers['if-range'] ?? etag) === etag;
  if (Number.isNaN(from) || !unchanged) {
    response.writeHead(200, {'content-length': body.length, etag}).end(body);
  } else if (from >= body.length) {
    response.writeHead(416, {'content-range': `bytes */${body.length}`}).end();
  } else {
    const range = `bytes ${from}-${body.length - 1}/${body.length}`;
    const length = body.length - from;
    response.writeHead(206, {'content-range': range, 'content-length': length, etag});
    response.end(body.subarray(from));
  }
}

/** Sends the first bytes of a body whose whole length it promises, then breaks the connection. */
export function breakOff(response: http.ServerResponse, body: Buffer, after: number): void {
  response.writeHead(200, {'content-length': body.length, etag: '"v1"'});
  response.write(body.subarray(0, after), () => {
    // The bytes are on their way; the end of the connection comes after them.
    response.socket?.end();
  });
}
