/**
 * Brings the bytes behind one URL into a part file: whole, or as far as it goes.
 * Goes on where an earlier try stopped when the server has the same file still. Knows nothing of
 * the digest the bytes should have.
 */
import {fileURLToPath} from 'node:url';
import type {Listener} from '../base/event.ts';
import * as files from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {err, ok, type Result} from '../base/result.ts';
import {piecesOf} from './archive-stream.ts';
import {HttpTrouble, openUrl, statusText, type HttpFault, type Reply} from './http.ts';
import type {Part} from './part.ts';
import {publicUrl} from './proxy.ts';

export interface TransferOptions {
  /** The file's name, for progress. */
  readonly name: string;
  /** The exact size where the recipe states it. */
  readonly size: number | undefined;
  readonly mostBytes: number;
  /** Whether a digest is known that decides in the end. */
  readonly isVerified: boolean;
  readonly host: Host;
  readonly listener: Listener;
  readonly signal: AbortSignal;
  readonly stallMilliseconds: number;
}

/** A connection that breaks off is taken up again this often, as long as each brings something. */
const MOST_RESUMES = 4;

/** Fills the part. Gives whether it went on with bytes of an earlier try. Throws system errors. */
export async function transfer(
  url: string,
  part: Part,
  options: TransferOptions,
): Promise<Result<{readonly resumed: boolean}, HttpFault>> {
  const progress = new Progress(url, options);
  const resumed = part.size > 0;
  try {
    if (url.startsWith('file:')) return copyLocal(url, part, options, progress);
    for (let tries = 1; ; tries += 1) {
      const before = part.size;
      const done = await request(url, part, options, progress);
      if (done.ok) return ok({resumed: resumed || before > 0});
      const goesOn = done.error.kind === 'broken' && part.size > before;
      if (!(done.error.again === 'fresh' || goesOn) || tries > MOST_RESUMES) return done;
    }
  } finally {
    progress.end();
  }
}

/** A fault, and whether asking once more may help though nothing came. */
interface Setback extends HttpFault {
  readonly again?: 'fresh';
}

type Step = Result<undefined, Setback>;

async function request(
  url: string,
  part: Part,
  options: TransferOptions,
  progress: Progress,
): Promise<Step> {
  const {host, signal, stallMilliseconds} = options;
  const headers = rangeHeaders(url, part, options);
  const opened = await openUrl(url, {headers, env: host.env, signal, stallMilliseconds});
  if (!opened.ok) return opened;
  const reply = opened.value;
  const refused = prepare(reply, url, part, options, headers);
  if (refused !== undefined) {
    reply.drop();
    return err(refused);
  }
  return read(reply, part, options, progress);
}

/** Asks for the rest of the file where the bytes that are here can be vouched for. */
function rangeHeaders(url: string, part: Part, options: TransferOptions): Record<string, string> {
  const origin = part.size > 0 ? part.origin() : undefined;
  const range = `bytes=${part.size}-`;
  if (origin === undefined) return {};
  if (origin.url === url && origin.validator !== null) {
    return {range, 'if-range': origin.validator};
  }
  // Another mirror has other validators; then the size has to do, and the digest decides.
  return origin.total === null || !options.isVerified ? {} : {range};
}

/** Looks at the answer's head and makes the part ready for its body, or says why there is none. */
function prepare(
  reply: Reply,
  url: string,
  part: Part,
  options: TransferOptions,
  asked: Record<string, string>,
): Setback | undefined {
  const {status} = reply;
  const isRest = status === 206 && continues(reply, part);
  if ((status === 206 && !isRest) || (status === 416 && asked['range'] !== undefined)) {
    part.restart();
    return {...fault('the server cannot continue the download'), again: 'fresh'};
  }
  if (status !== 200 && status !== 206)
    return {...fault(statusText({statusCode: status})), ...hostOf(status, url)};
  if (status === 200 && part.size > 0) part.restart();
  const total = totalOf(reply, part);
  const refused = sizeFault(total, options);
  if (refused === undefined) part.setOrigin({url, validator: validatorOf(reply), total});
  return refused;
}

/** Whether a 206 begins where the part ends, and is of a file of the size known before. */
function continues(reply: Reply, part: Part): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(reply.headers['content-range'] ?? '');
  const known = part.origin()?.total ?? undefined;
  const total = range?.[2] === '*' ? known : Number(range?.[2]);
  return Number(range?.[1]) === part.size && (known === undefined || known === total);
}

function totalOf(reply: Reply, part: Part): number | null {
  const length = Number(reply.headers['content-length'] ?? NaN);
  return Number.isSafeInteger(length) ? part.size + length : null;
}

function sizeFault(total: number | null, options: TransferOptions): HttpFault | undefined {
  const {size, mostBytes} = options;
  if (total === null) return undefined;
  if (size !== undefined && total !== size)
    return fault(`it has ${total} bytes, the recipe says ${size}`);
  return total > mostBytes ? fault(tooLarge(mostBytes)) : undefined;
}

function tooLarge(most: number): string {
  return `it is larger than the ${most} bytes that are allowed`;
}

/** If-Range takes strong validators only (RFC 9110 §13.1.5). */
function validatorOf(reply: Reply): string | null {
  const {etag, 'last-modified': modified} = reply.headers;
  if (etag !== undefined && !etag.startsWith('W/')) return etag;
  return modified ?? null;
}

/** A server that is broken or busy is not asked for other files in this run. */
function hostOf(status: number, url: string): {readonly host?: string} {
  return status >= 500 || status === 429 || status === 407 ? {host: new URL(url).host} : {};
}

function fault(reason: string): HttpFault {
  return {reason, host: undefined, kind: 'answered'};
}

async function read(
  reply: Reply,
  part: Part,
  options: TransferOptions,
  progress: Progress,
): Promise<Step> {
  const total = totalOf(reply, part);
  try {
    for await (const piece of reply.body) {
      part.write(piece);
      progress.report(part.size, total);
      const refused = excess(part, options);
      if (refused !== undefined) return err(refused);
    }
  } catch (error) {
    if (error instanceof HttpTrouble) return err(error.fault);
    throw error;
  }
  return complete(part, options);
}

function excess(part: Part, options: TransferOptions): HttpFault | undefined {
  if (part.size <= (options.size ?? options.mostBytes)) return undefined;
  part.restart();
  return fault(tooLarge(options.size ?? options.mostBytes));
}

function complete(part: Part, options: TransferOptions): Step {
  const {size} = options;
  if (size === undefined || part.size === size) return ok(undefined);
  return err(fault(`it has ${part.size} bytes, the recipe says ${size}`));
}

function copyLocal(
  url: string,
  part: Part,
  options: TransferOptions,
  progress: Progress,
): Result<{readonly resumed: boolean}, HttpFault> {
  const opened = openLocal(url);
  if (!opened.ok) return err(fault(opened.error));
  try {
    part.restart();
    for (const piece of piecesOf(opened.value)) {
      part.write(piece);
      progress.report(part.size, null);
      const refused = excess(part, options);
      if (refused !== undefined) return err(refused);
    }
  } finally {
    files.closeFile(opened.value);
  }
  const done = complete(part, options);
  return done.ok ? ok({resumed: false}) : done;
}

function openLocal(url: string): Result<number, string> {
  try {
    const file = files.realPath(fileURLToPath(url));
    return files.lookAt(file)?.isFile() === true ? ok(files.openRead(file)) : err('it is no file');
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

/** Milliseconds between two reports of one download. */
const REPORT_EVERY = 100;

/** Tells how far a download is, a few times a second, and when it is over. */
class Progress {
  readonly #url: string;
  readonly #options: TransferOptions;
  #last = -Infinity;
  #bytes = 0;
  #total: number | null = null;

  constructor(url: string, options: TransferOptions) {
    this.#url = publicUrl(url);
    this.#options = options;
  }

  report(bytes: number, total: number | null): void {
    this.#bytes = bytes;
    this.#total = total;
    const now = this.#options.host.tick();
    if (now - this.#last < REPORT_EVERY) return;
    this.#last = now;
    this.#tell(false);
  }

  /** Only for what was shown as begun. */
  end(): void {
    if (this.#last !== -Infinity) this.#tell(true);
  }

  #tell(done: boolean): void {
    const {name, listener} = this.#options;
    listener({
      type: 'download',
      name,
      url: this.#url,
      bytes: this.#bytes,
      total: this.#total,
      done,
    });
  }
}
