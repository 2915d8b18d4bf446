/**
 * What the engine asks of the sandbox worker and what comes back: JSON, one message a line, on
 * the worker's descriptor 3. All paths are relative to the store, the worker's only folder.
 * Types only.
 */
import type {Diagnostic} from '../base/diagnostic.ts';
import type {BlobDigest, TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import type {Span} from '../base/span.ts';

export interface Layer {
  readonly tree: TreeDigest;
  readonly owner: Label;
}

/** A source file or folder as it lies below /build. */
export interface StagedSource {
  readonly name: string;
  readonly content:
    | {readonly type: 'file'; readonly blob: BlobDigest}
    | {readonly type: 'tree'; readonly tree: TreeDigest};
  /** Undefined: only laid there, not unpacked. */
  readonly unpack:
    | {
        readonly format: 'tar' | 'tar.gz' | 'tar.xz' | 'tar.bz2' | 'tar.zst';
        readonly into: string;
        readonly strip: number;
        readonly subdir: string | undefined;
        /** An archive inside this one that is unpacked in its place. */
        readonly inner: string | undefined;
      }
    | undefined;
}

export interface StagedPatch {
  readonly name: string;
  readonly blob: BlobDigest;
  readonly strip: number;
}

/** All a build sees; a pure function of node and resolved inputs. */
export interface JobSpec {
  readonly label: Label;
  readonly environment: 'host' | 'root';
  /** Declared tools for `host`: name → absolute path on the host. */
  readonly tools: Readonly<Record<string, string>>;
  /** Lowest first. The first `baseLayers` of them are the base. */
  readonly layers: readonly Layer[];
  readonly baseLayers: number;
  readonly sources: readonly StagedSource[];
  readonly patches: readonly StagedPatch[];
  readonly top: string;
  readonly env: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
  readonly shell: readonly string[];
  readonly steps: readonly {readonly name: string; readonly text: string}[];
  readonly milliseconds: number;
  readonly capture: CaptureRules | undefined;
}

export interface CaptureRules {
  readonly expect: readonly string[];
  /** Not kept: the recipe's `ignore` and the project's generated globs. */
  readonly drop: readonly string[];
  readonly replaces: readonly Label[];
  /** Globs of files that may contain the text of sandbox paths. */
  readonly leaks: readonly string[];
}

export interface BuildRequest {
  readonly type: 'build';
  readonly id: number;
  readonly spec: JobSpec;
  /** Scratch folder of this job, to be made: `scratch/<run>/<n>`. */
  readonly scratch: string;
  readonly log: string;
  /** Make's tokens besides the one every build has. */
  readonly tokens: number;
  /** `$jobs` for tools that know no jobserver. */
  readonly jobs: number;
  /** Where /build and the captured upper go afterwards: always, or only after a failure. */
  readonly keep: {readonly always: boolean; readonly folder: string} | undefined;
  /** Start from this kept /build instead of unpacking (tests). */
  readonly resume: string | undefined;
  /** Much else is ready to run: nobody minds when this one ends a moment later. */
  readonly patient?: boolean;
  /** Its phases are measured, and told by `spans` before the end is. */
  readonly timed?: boolean;
}

export type Request =
  | BuildRequest
  /** More tokens (n > 0) or fewer (n < 0); answered by `tokens` events as they come back. */
  | {readonly type: 'tokens'; readonly id: number; readonly count: number}
  | {readonly type: 'kill'; readonly id: number; readonly reason: 'cancelled'}
  | {readonly type: 'remove'; readonly id: number; readonly paths: readonly string[]}
  | {readonly type: 'interactive'; readonly id: number; readonly shell: InteractiveSpec}
  | {readonly type: 'image'; readonly id: number; readonly image: ImageSpec}
  /** Whether layers can be mounted. */
  | {readonly type: 'overlay'; readonly id: number}
  | {readonly type: 'quit'};

/** An ext4 image to be made of a tree. */
export interface ImageSpec {
  readonly tree: TreeDigest;
  /** A new file in a folder of the run's scratch folder. */
  readonly file: string;
  readonly bytes: number;
  readonly inodes: number;
  readonly uuid: string;
  readonly label: string;
}

export interface InteractiveSpec {
  readonly spec: JobSpec;
  readonly scratch: string;
  /** A kept failed build to open; else /build is unpacked anew. */
  readonly resume: string | undefined;
  /** Undefined: an interactive bash. */
  readonly command: readonly string[] | undefined;
}

export type IdMode = 'range' | 'single';

export type Reply =
  | {
      readonly type: 'ready';
      readonly idMode: IdMode;
      /** `Host.clock` when the worker's program began. */
      readonly begun: number;
    }
  | {
      readonly type: 'step';
      readonly id: number;
      readonly phase: 'unpacking' | 'running' | 'capturing';
      readonly step: string;
    }
  /** Tokens taken back from a running build. */
  | {readonly type: 'tokens'; readonly id: number; readonly count: number}
  /** What a build that is timed spent its time on. */
  | {readonly type: 'spans'; readonly id: number; readonly spans: readonly Span[]}
  | {readonly type: 'built'; readonly id: number; readonly result: JobResult}
  | {readonly type: 'removed'; readonly id: number}
  | {readonly type: 'imaged'; readonly id: number}
  | {readonly type: 'overlay'; readonly id: number; readonly works: boolean}
  | {readonly type: 'exited'; readonly id: number; readonly status: number}
  /** A request that failed for a reason of the machine or the store. */
  | {readonly type: 'trouble'; readonly id: number; readonly diagnostics: readonly Diagnostic[]};

export interface Usage {
  readonly milliseconds: number;
  /** User and system time of all processes of the build. */
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
}

export type JobResult =
  | {
      readonly outcome: 'ok';
      readonly tree: TreeDigest | undefined;
      readonly warnings: readonly Diagnostic[];
      readonly usage: Usage;
      readonly copiedRoot: boolean;
    }
  | {
      readonly outcome: 'failed';
      /** The step (or `unpack`) that failed, where one did. */
      readonly step: string | undefined;
      readonly exit: number | undefined;
      readonly signal: string | undefined;
      /** The folder inside the sandbox in which it failed. */
      readonly cwd: string | undefined;
      readonly diagnostics: readonly Diagnostic[];
      /** True when it is the machine's fault: never remembered. */
      readonly machine: boolean;
      readonly usage: Usage;
      /** Relative to the store; undefined when nothing was kept. */
      readonly kept: string | undefined;
    };
