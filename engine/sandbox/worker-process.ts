/**
 * The engine's side of the worker: starts it, sends requests, hands replies to those who asked.
 * Knows nothing of what is built.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import {killGroup, type Host} from '../base/host.ts';
import {err, ok} from '../base/result.ts';
import type {ChildProcess} from '../base/process.ts';
import {NO_WATCH, type Watch} from '../base/span.ts';
import type {Owner} from '../../store/layout.ts';
import {launch, NO_IDS, NO_NAMESPACE} from './launch.ts';
import {lineSplitter} from './lines.ts';
import {whyNoNamespace, whyNoWorker} from './machine-trouble.ts';
import {workerProgram} from './own-code.ts';
import {requirePrograms} from './programs.ts';
import type {
  BuildRequest,
  IdMode,
  ImageSpec,
  InteractiveSpec,
  JobResult,
  Reply,
  Request,
} from './protocol.ts';

export interface WorkerRequest {
  readonly storeRoot: string;
  readonly host: Host;
  /** To whom the store belongs when the engine is root; the worker runs as that id. */
  readonly owner: Owner | undefined;
  /** The worker gets our terminal, for `interactive`; then it says nothing of its own there. */
  readonly terminal?: boolean;
  /** How long its start takes. */
  readonly watch?: Watch;
  /** One that is on its way already, should it be of this store. */
  readonly begun?: BegunWorker | undefined;
}

/** A worker that is on its way: begun before it was known what for. */
export interface BegunWorker {
  readonly storeRoot: string;
  /** `Host.clock` when it was begun. */
  readonly since: number;
  readonly connection: Connection;
}

/** What a build says while it runs. */
export type JobReply = Extract<Reply, {type: 'step' | 'tokens' | 'spans'}>;

export interface StartedBuild {
  readonly id: number;
  /** Trouble of store or machine is an error; a build that failed is a result. */
  readonly result: Promise<Checked<JobResult>>;
}

export interface Worker {
  readonly idMode: IdMode;
  /** Whether layers can be mounted; else roots are copied. */
  overlay(): Promise<Checked<boolean>>;
  build(
    request: Omit<BuildRequest, 'type' | 'id'>,
    onReply: (reply: JobReply) => void,
  ): StartedBuild;
  /** Lends more make tokens to a running build (`count` > 0) or asks for some back. */
  tokens(id: number, count: number): void;
  kill(id: number): void;
  /** Removes files and folders; paths relative to the store. */
  remove(paths: readonly string[]): Promise<void>;
  /** Exit status of the command or shell; needs a worker with `terminal`. */
  interactive(spec: InteractiveSpec): Promise<Checked<number>>;
  /** Resolves when the file is there. */
  image(image: ImageSpec): Promise<Checked<undefined>>;
  /** Ends the worker and all it runs; resolves when it is gone. */
  quit(): Promise<void>;
  /** Resolves when the worker is gone, with the last it said; also after `quit`. */
  readonly died: Promise<string>;
}

/** Starts a worker, or takes the one that is on its way. */
export async function startWorker(request: WorkerRequest): Promise<Checked<Worker>> {
  const {watch = NO_WATCH, host} = request;
  const started = (await takeBegun(request)) ?? beginWorker(request);
  if (!started.ok) return started;
  const {connection, since} = started.value;
  const ready = await connection.ready;
  if (ready === undefined) return whyNone(await connection.died, connection.status);
  if (watch.on) {
    watch.add({name: 'start the worker', group: 'prepare', since, until: host.clock()});
    watch.add({name: 'make its namespaces', group: 'prepare', since, until: ready.begun});
  }
  return ok(workerOf(connection, ready));
}

/** What it takes to begin one. */
type Beginning = Pick<WorkerRequest, 'storeRoot' | 'host' | 'owner' | 'terminal'>;

/** Starts what becomes the worker; whether it comes up shows later. */
export function beginWorker(wanted: Beginning): Checked<BegunWorker> {
  const programs = requirePrograms();
  if (!programs.ok) return programs;
  const {host, storeRoot, owner, terminal = false} = wanted;
  const program = workerProgram(storeRoot, owner);
  if (!program.ok) return program;
  const since = host.clock();
  const child = launch({host, storeRoot, program: program.value, terminal});
  program.value.close();
  return ok({storeRoot, since, connection: new Connection(child)});
}

/**
 * The one that was begun, where it is of use. It may have found the store, or the code in it, gone: who begins
 * another one now finds both, or is told.
 */
async function takeBegun({
  begun,
  storeRoot,
}: WorkerRequest): Promise<Checked<BegunWorker> | undefined> {
  if (begun === undefined) return undefined;
  if (begun.storeRoot === storeRoot && (await begun.connection.ready) !== undefined)
    return ok(begun);
  begun.connection.kill();
  return undefined;
}

function workerOf(connection: Connection, {idMode}: Ready): Worker {
  return {
    idMode,
    overlay: () => connection.overlay(),
    build: (wanted, onReply) => connection.build(wanted, onReply),
    tokens: (id, count) => connection.send({type: 'tokens', id, count}),
    kill: (id) => connection.send({type: 'kill', id, reason: 'cancelled'}),
    remove: (paths) => connection.remove(paths),
    interactive: (shell) => connection.interactive(shell),
    image: (image) => connection.image(image),
    quit: () => connection.quit(),
    died: connection.died,
  };
}

/** Why there is no worker, from what was said last and how it ended. */
function whyNone(said: string, status: number | null): Checked<never> {
  if (status === NO_NAMESPACE) return whyNoNamespace(said);
  if (status === NO_IDS) return fail('machine/user-namespaces', `cannot map ids: ${said}`);
  return whyNoWorker(said);
}

function isJobReply(reply: Reply): reply is JobReply {
  return reply.type === 'step' || reply.type === 'tokens' || reply.type === 'spans';
}

type Take = (reply: Reply | undefined) => void;
type Ready = Extract<Reply, {type: 'ready'}>;

/** What is kept of the worker's own messages, for the day it dies. */
const TAIL = 4000;

/** Requests under way, by id: each gets its last reply exactly once, or `undefined` at the end. */
export class Connection {
  readonly ready: Promise<Ready | undefined>;
  readonly died: Promise<string>;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, Take>();
  #lastId = 0;
  #said = '';
  #gone = false;
  #takeReady: (ready: Ready | undefined) => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ready = new Promise((resolve) => (this.#takeReady = resolve));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-TAIL);
    });
    const channel = child.stdio[3];
    channel?.on(
      'data',
      lineSplitter((line) => this.#receive(JSON.parse(line) as Reply)),
    );
    channel?.on('error', () => undefined);
    this.died = new Promise((resolve) => {
      child.once('error', (error) => resolve(this.#end(error.message)));
      child.once('close', (status, signal) => {
        const isToldBy = status === NO_NAMESPACE || status === NO_IDS;
        resolve(this.#end(isToldBy ? '' : `it ended with ${signal ?? `status ${status}`}`));
      });
    });
  }

  /** How the chain has ended, when it has. */
  get status(): number | null {
    return this.#child.exitCode;
  }

  /**
   * Ends all of the chain at once, which is a group where it has no terminal: as it comes up, a link does not yet die
   * with the one before it.
   */
  kill(): void {
    const {pid, exitCode, signalCode} = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) killGroup(pid);
    const channel = this.#child.stdio[3];
    if (channel && 'destroy' in channel) channel.destroy();
  }

  /** The same; resolves when all of it is gone. */
  async end(): Promise<void> {
    this.kill();
    await this.died;
  }

  send(request: Request): void {
    const channel = this.#child.stdio[3];
    if (!this.#gone && channel && 'write' in channel) channel.write(`${JSON.stringify(request)}\n`);
  }

  build(
    wanted: Omit<BuildRequest, 'type' | 'id'>,
    onReply: (reply: JobReply) => void,
  ): StartedBuild {
    const id = (this.#lastId += 1);
    const result = this.#ask<JobResult>({type: 'build', id, ...wanted}, (reply) => {
      if (isJobReply(reply)) onReply(reply);
      return reply.type === 'built' ? ok(reply.result) : undefined;
    });
    return {id, result};
  }

  async remove(paths: readonly string[]): Promise<void> {
    const id = (this.#lastId += 1);
    await this.#ask({type: 'remove', id, paths}, (reply) =>
      reply.type === 'removed' ? ok(undefined) : undefined,
    );
  }

  interactive(shell: InteractiveSpec): Promise<Checked<number>> {
    const id = (this.#lastId += 1);
    return this.#ask({type: 'interactive', id, shell}, (reply) =>
      reply.type === 'exited' ? ok(reply.status) : undefined,
    );
  }

  image(image: ImageSpec): Promise<Checked<undefined>> {
    const id = (this.#lastId += 1);
    return this.#ask({type: 'image', id, image}, (reply) =>
      reply.type === 'imaged' ? ok(undefined) : undefined,
    );
  }

  overlay(): Promise<Checked<boolean>> {
    const id = (this.#lastId += 1);
    return this.#ask({type: 'overlay', id}, (reply) =>
      reply.type === 'overlay' ? ok(reply.works) : undefined,
    );
  }

  async quit(): Promise<void> {
    this.send({type: 'quit'});
    await this.died;
  }

  #ask<T>(
    request: Extract<Request, {id: number}>,
    read: (reply: Reply) => Checked<T> | undefined,
  ): Promise<Checked<T>> {
    return new Promise((resolve) => {
      const settle = (result: Checked<T>): void => {
        this.#open.delete(request.id);
        resolve(result);
      };
      const take: Take = (reply) => {
        if (reply === undefined) return settle(this.#lost());
        if (reply.type === 'trouble') return settle(err(reply.diagnostics));
        const result = read(reply);
        if (result !== undefined) settle(result);
      };
      if (this.#gone) return take(undefined);
      this.#open.set(request.id, take);
      this.send(request);
    });
  }

  #receive(reply: Reply): void {
    if (reply.type === 'ready') this.#takeReady(reply);
    else this.#open.get(reply.id)?.(reply);
  }

  #lost<T>(): Checked<T> {
    return fail('machine/worker', `the sandbox worker is gone: ${this.#said.trim()}`);
  }

  #end(how: string): string {
    if (!this.#gone) this.#said = `${this.#said}\n${how}`.trim();
    this.#gone = true;
    this.#takeReady(undefined);
    for (const take of [...this.#open.values()]) take(undefined);
    return this.#said;
  }
}
