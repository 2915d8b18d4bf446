/**
 * Recipes as they are once read and found valid: variables replaced, options and conditions
 * decided, kinds applied. Needs are still names as written; the graph links them.
 * Types only.
 */
import type {RecipeFile} from '../../schemas/types/recipe.ts';
import type {Location} from '../base/diagnostic.ts';
import type {Label, LabelParts} from '../base/label.ts';

export type OptionValue = string | boolean;

export type Declarations = NonNullable<RecipeFile['options']>;

export interface Project {
  /** The folder that holds the configuration, absolute. */
  readonly root: string;
  readonly config: Config;
  readonly recipes: readonly Recipe[];
  /** Globs no artifact may own, each with the trigger that makes it in a finished root. */
  readonly generated: readonly Generated[];
}

export interface Config {
  readonly storePath: string;
  readonly jobs: number;
  /** alias → URL prefixes, tried in order; `debian` is resolved from apt's configuration. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  /** URL prefix → prefixes to try before it. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  readonly sets: Readonly<Record<string, readonly string[]>>;
  /** label → label that stands in its place. */
  readonly overrides: Readonly<Record<string, string>>;
  /** `collection/package.name` or `package.name` → value. */
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly testsGate: boolean;
  /** Refuse a download larger than this when the recipe states no size. */
  readonly maxDownloadBytes: number;
  /** A build collects garbage first when less is free; undefined: a share of the disk. */
  readonly minFreeBytes?: number | undefined;
  /** The build whose time is one standard build unit. */
  readonly sbu?: Label;
}

export interface Generated {
  readonly glob: string;
  readonly trigger: string | undefined;
  /** Without it a root has no use for the trigger. */
  readonly program?: string | undefined;
}

export interface Recipe {
  readonly collection: string;
  readonly package: string;
  readonly version: string;
  readonly summary: string;
  readonly homepage: string | undefined;
  readonly license: string | undefined;
  /** Absolute path of the recipe file. */
  readonly file: string;
  readonly at: Location;
  readonly builds: readonly Build[];
  /** The recipe this one extends, as written. */
  readonly extends: string | undefined;
  /** The options it declares, its bases' among them. */
  readonly options: Declarations;
}

export interface Build {
  readonly parts: LabelParts;
  readonly version: string;
  readonly at: Location;
  readonly in: Environment;
  readonly needs: readonly Need[];
  readonly kind: string;
  readonly sources: readonly Source[];
  readonly patches: readonly Patch[];
  /** Host tools: the kind's and the recipe's, sorted, without repetition. Only for `in: host`. */
  readonly tools: readonly string[];
  /** The oldest version that will do, of those tools for which one is written. */
  readonly toolVersions: Readonly<Record<string, string>>;
  /** Exported into the environment of the steps: the kind's for this environment, then the recipe's. */
  readonly env: Readonly<Record<string, string>>;
  /** Shell variables: package, version, arch, vars, options; lists become bash arrays. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
  readonly shell: readonly string[];
  readonly steps: readonly Step[];
  readonly outputs: Outputs;
  readonly resources: Resources;
  readonly test: TestPlan | undefined;
  /** The name of the folder below /build in which the steps start. */
  readonly top: string;
  /** Of a root: what it is laid together from besides its needs; its steps are its triggers. */
  readonly root?: RootPlan | undefined;
}

/** A root filesystem, as far as it is not layers. */
/** How a root is started. */
export interface Boot {
  /** Absolute, as is `init`. */
  readonly kernel: string;
  readonly command: string;
  readonly init: string;
  /** Bytes. */
  readonly memory: number;
}

export interface RootPlan {
  readonly boot: Boot | undefined;
  /** Layers, as written, that may cover what lies below them; laid after the needs. */
  readonly overrides: readonly Need[];
  /** Globs of paths no layer brings. */
  readonly exclude: readonly string[];
  /** Sorted by path; each path once. */
  readonly items: readonly RootItem[];
  readonly users: readonly RootUser[];
  readonly groups: readonly RootGroup[];
}

/** Something that is to be in a root. */
export type RootItem = ItemPlace &
  (
    | {readonly type: 'dir'}
    | {readonly type: 'link'; readonly target: string}
    | {readonly type: 'file'; readonly text: string}
    /** The name of the source it is. */
    | {readonly type: 'file'; readonly source: string}
  );

export interface ItemPlace {
  /** Without leading slash. */
  readonly path: string;
  readonly mode: number | undefined;
  /** `user`, `user:group`, names or numbers. */
  readonly owner: string | undefined;
  readonly at: Location;
}

/** A line of /etc/passwd. */
export interface RootUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  readonly password: string;
  readonly at: Location;
}

/** A line of /etc/group. */
export interface RootGroup {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
  readonly at: Location;
}

export type Environment =
  | {readonly type: 'host'}
  | {readonly type: 'root'}
  | {readonly type: 'base'; readonly name: string; readonly at: Location};

export interface Need {
  /** The label as written. */
  readonly name: string;
  /** `both` is the default: there while building, and when what was built runs. */
  readonly for: 'build' | 'run' | 'both';
  readonly at: Location;
}

export interface Step {
  readonly name: string;
  readonly text: string;
}

export interface Outputs {
  readonly expect: readonly string[];
  readonly ignore: readonly string[];
  /** Labels as written whose files this build may cover, change or remove. */
  readonly replaces: readonly Need[];
  /** Globs of files that may contain the text of sandbox paths. */
  readonly leaks: readonly string[];
}

export interface Resources {
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly milliseconds: number;
  /** About how long it takes, in units of the build the configuration names. */
  readonly sbu?: number;
  /** What it takes of the disk while it is built. */
  readonly diskBytes?: number;
}

export interface TestPlan {
  readonly needs: readonly Need[];
  readonly steps: readonly Step[];
  /** Names of tests known to fail. */
  readonly known: readonly string[];
  readonly critical: boolean;
}

export interface Patch {
  /** Absolute path of the patch file. */
  readonly file: string;
  readonly name: string;
  readonly strip: number;
  readonly at: Location;
}

/** How a source lands below /build. */
export interface Placement {
  /** The file's own name below /build. */
  readonly name: string;
  readonly strip: number;
  /** Folder below /build it is unpacked into; the build's top by default. */
  readonly into: string;
  /** Only this folder of the archive. */
  readonly subdir: string | undefined;
  /** `auto`: by its name; `false`: only the file itself; else the archive inside the archive. */
  readonly unpack: 'auto' | false | {readonly inner: string};
}

export type Source = RemoteSource | PathSource | GitSource;

export interface RemoteSource {
  readonly type: 'remote';
  readonly at: Location;
  readonly placement: Placement;
  /** In the order written: `url` first, then `or:`. Never empty. */
  readonly places: readonly Place[];
  readonly size: number | undefined;
}

export interface Place {
  /** `alias:path` or a full URL. */
  readonly url: string;
  /** 64 hex digits. */
  readonly sha256: string;
  readonly at: Location;
}

export interface PathSource {
  readonly type: 'path';
  readonly at: Location;
  readonly placement: Placement;
  /** Absolute path of a file or folder. */
  readonly path: string;
  readonly ignore: readonly string[];
}

export interface GitSource {
  readonly type: 'git';
  readonly at: Location;
  readonly placement: Placement;
  readonly url: string;
  /** Full commit id, 40 or 64 hex digits. */
  readonly rev: string;
}
