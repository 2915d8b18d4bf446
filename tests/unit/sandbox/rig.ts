/**
 * A store and a sandbox worker for tests, in a temporary folder: layers from a few words, builds
 * from a few lines of shell. Skips loudly where the machine has no sandboxes.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {Diagnostic} from '../../../engine/base/diagnostic.ts';
import {realHost} from '../../../engine/base/host.ts';
import type {Label} from '../../../engine/base/label.ts';
import {ownerFor} from '../../../engine/sandbox/launch.ts';
import type {
  BuildRequest,
  CaptureRules,
  JobResult,
  JobSpec,
  Layer,
  Reply,
} from '../../../engine/sandbox/protocol.ts';
import {
  startWorker,
  type StartedBuild,
  type Worker,
} from '../../../engine/sandbox/worker-process.ts';
import {fromText, parentOf} from '../../../store/bytes.ts';
import {openStore, type Store} from '../../../store/layout.ts';
import {sortEntries, type TreeEntry} from '../../../store/manifest.ts';
import {putBytes, putFile} from '../../../store/pool.ts';
import {readTree, writeTree} from '../../../store/trees.ts';

/** Content of a path: text of a file, or anything else as an entry without its path. */
export type Wanted =
  | string
  | ({readonly text?: string; readonly from?: string; readonly mode?: number} & {
      readonly to?: string;
      readonly whiteout?: true;
      readonly dir?: true;
      readonly uid?: number;
    });

export interface BuildPlan extends Partial<Omit<JobSpec, 'capture'>> {
  readonly script?: string;
  readonly capture?: Partial<CaptureRules> | undefined;
  readonly request?: Partial<Omit<BuildRequest, 'type' | 'id' | 'spec'>>;
  readonly onReply?: (reply: Reply) => void;
}

export interface Built {
  readonly result: JobResult;
  readonly log: string;
  /** `path → what`, a line of a few words; empty after a failure. */
  readonly tree: Readonly<Record<string, string>>;
  readonly entries: readonly TreeEntry[];
}

/** Of all rigs: two workers of one store never share a scratch folder, which the first may still clear. */
let builds = 0;

export class Rig {
  readonly store: Store;
  readonly worker: Worker;

  constructor(store: Store, worker: Worker) {
    this.store = store;
    this.worker = worker;
  }

  /** A tree of these paths, folders between them made as 0755. */
  layer(owner: string, wanted: Readonly<Record<string, Wanted>>): Layer {
    const entries = new Map<string, TreeEntry>();
    for (const [name, one] of Object.entries(wanted)) {
      const at = fromText(name);
      for (let up = parentOf(at); up !== ''; up = parentOf(up)) {
        if (!entries.has(up)) entries.set(up, {...common(up, 0o755), type: 'dir'});
      }
      entries.set(at, this.#entry(at, typeof one === 'string' ? {text: one} : one));
    }
    return {owner: owner as Label, tree: writeTree(this.store, sortEntries([...entries.values()]))};
  }

  #entry(at: string, one: Exclude<Wanted, string>): TreeEntry {
    if (one.whiteout === true) return {type: 'whiteout', path: at};
    if (one.to !== undefined) return {...common(at, 0o777), type: 'link', target: one.to};
    const uid = one.uid ?? 0;
    if (one.dir === true) return {...common(at, one.mode ?? 0o755), uid, type: 'dir'};
    const mode = one.mode ?? 0o644;
    const bytes = one.from === undefined ? Buffer.from(one.text ?? '') : fs.readFileSync(one.from);
    const digest = putBytes(this.store, bytes, mode);
    const file = {type: 'file' as const, size: bytes.length, digest, hardlink: undefined};
    return {...common(at, mode), uid, ...file};
  }

  /** Starts a build of one step, `script`; `/usr` of the host is all in PATH. */
  start(plan: BuildPlan): StartedBuild & {readonly log: string; readonly scratch: string} {
    const number = (builds += 1);
    const log = `logs/${number}.log`;
    const scratch = `scratch/test/${number}`;
    const request = {
      ...{scratch, log, tokens: 0, jobs: 1, keep: undefined, resume: undefined},
      ...plan.request,
      spec: specOf(plan),
    };
    const started = this.worker.build(request, (reply) => plan.onReply?.(reply));
    return {...started, log: path.join(this.store.root, log), scratch};
  }

  /** Exit status of a command, or of an interactive bash; or the code of what went wrong. */
  async shell(plan: BuildPlan, command?: readonly string[]): Promise<number | string> {
    const scratch = `scratch/test/${(builds += 1)}`;
    const resume = plan.request?.resume;
    const spec = specOf(plan);
    const status = await this.worker.interactive({spec, scratch, resume, command});
    return status.ok ? status.value : status.error.map((one) => one.code).join();
  }

  async build(plan: BuildPlan): Promise<Built> {
    const started = this.start(plan);
    const result = await started.result;
    if (!result.ok) throw new Error(`trouble: ${JSON.stringify(result.error)}`);
    const log = fs.readFileSync(started.log, 'utf8');
    const tree = result.value.outcome === 'ok' ? result.value.tree : undefined;
    const entries = tree === undefined ? ok([]) : readTree(this.store, tree);
    if (!entries.ok) throw new Error(JSON.stringify(entries.error));
    return {result: result.value, log, entries: entries.value, tree: describe(entries.value)};
  }

  /** The build must fail; gives the failure with the codes of its diagnostics. */
  async failing(plan: BuildPlan): Promise<Failed> {
    const {result, log} = await this.build(plan);
    if (result.outcome === 'ok') throw new Error(`the build ended well:\n${log}`);
    return {...result, log, codes: result.diagnostics.map((one) => one.code)};
  }

  storeFile(bytes: string | Buffer): ReturnType<typeof putBytes> {
    return putBytes(this.store, bytes, 0o644);
  }

  importFile(file: string): ReturnType<typeof putBytes> {
    const digest = putFile(this.store, file, 0o644);
    if (!digest.ok) throw new Error(JSON.stringify(digest.error));
    return digest.value;
  }

  inStore(name: string): string {
    return path.join(this.store.root, name);
  }
}

function specOf(plan: BuildPlan): JobSpec {
  const {script = ':', capture} = plan;
  const spec = {...plan, script: undefined, request: undefined, onReply: undefined};
  const rules = {expect: [], drop: [], replaces: [], leaks: [], ...capture};
  return {
    ...{label: 'test/it' as Label, environment: 'host', tools: {}, layers: []},
    ...{baseLayers: 0, sources: [], patches: [], top: 'it-1', variables: {}},
    ...{shell: ['errexit', 'nounset', 'pipefail'], milliseconds: 60_000},
    ...{steps: [{name: 'install', text: script}]},
    ...spec,
    env: {PATH: '/usr/bin:/usr/sbin', ...spec.env},
    capture: 'capture' in plan && capture === undefined ? undefined : rules,
  };
}

type Failed = Extract<JobResult, {outcome: 'failed'}> & {
  readonly log: string;
  readonly codes: readonly Diagnostic['code'][];
};

function ok<T>(value: T): {readonly ok: true; readonly value: T} {
  return {ok: true, value};
}

function common(
  at: string,
  mode: number,
): {path: string; mode: number; uid: 0; gid: 0; xattrs: []} {
  return {path: at, mode, uid: 0, gid: 0, xattrs: []};
}

/** One line for each entry: enough to tell all that matters apart. */
function describe(entries: readonly TreeEntry[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => [entry.path, lineOf(entry)]));
}

function lineOf(entry: TreeEntry): string {
  if (entry.type === 'whiteout') return 'whiteout';
  const owner = entry.uid === 0 && entry.gid === 0 ? '' : ` ${entry.uid}:${entry.gid}`;
  const xattrs = entry.xattrs.map((one) => ` ${one.name}`).join('');
  const facts = `${entry.mode.toString(8).padStart(4, '0')}${owner}${xattrs}`;
  if (entry.type === 'link') return `link ${entry.target}`;
  if (entry.type !== 'file') return `${entry.type} ${facts}`;
  return `file ${facts} ${entry.size}${entry.hardlink === undefined ? '' : ` = ${entry.hardlink}`}`;
}

export interface RigOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  /** Work in this store, which stays; else in a new one. */
  readonly store?: Store | undefined;
}

/** The file of the run `test`, to which the worker appends what it relies on. */
function openRunFile({root, owner}: Store): void {
  const file = path.join(root, 'runs/test');
  fs.writeFileSync(file, '');
  if (owner !== undefined) fs.chownSync(file, owner.uid, owner.gid);
}

/** A rig that lives as long as the test (or the file, from `test.before`). */
export async function openRig(
  t: {log(...words: unknown[]): void},
  cleanUp: (end: () => Promise<void>) => void,
  options: RigOptions = {},
): Promise<Rig | undefined> {
  const real = realHost();
  const host = {...real, env: {...real.env, ...options.env}};
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-sandbox-'));
  const place = options.store?.root ?? path.join(folder, 'store');
  const store = openStore(place, ownerFor(host.uid));
  if (!store.ok) throw new Error(JSON.stringify(store.error));
  openRunFile(store.value);
  const started = await startWorker({
    ...{storeRoot: store.value.root, host, owner: ownerFor(host.uid)},
    ...{listener: () => undefined, terminal: options.terminal ?? false},
  });
  if (!started.ok) {
    fs.rmSync(folder, {recursive: true});
    t.log(
      `SKIPPED, no sandbox here: ${started.error.map((one) => `${one.code}: ${one.message}`).join('; ')}`,
    );
    return undefined;
  }
  cleanUp(async () => {
    if (options.store === undefined) {
      await started.value.remove(['scratch', 'farms', 'failed', 'kept']);
    }
    await started.value.quit();
    fs.rmSync(folder, {recursive: true, force: true});
  });
  return new Rig(store.value, started.value);
}
