/**
 * The type of a file we read, made from its schema by schemas/compile.ts --update.
 * Text fields that may be written as numbers are texts here: the loader takes them as written.
 */

/**
 * Where the file is: `alias:path` with an alias of the configuration, or a full URL. `${name}` is replaced.
 */
export type Url = string;
/**
 * The SHA-256 of the file: 64 hex digits in small letters. `recipes source pin` writes it.
 */
export type Sha256 = string;
/**
 * A number of bytes, or a number with B, KiB, MiB, GiB or TiB.
 */
export type Size = string | number;
/**
 * A pattern of paths in the artifact, without leading slash: `*` within a folder, `**` across folders, `?`, `[ab]`, `{a,b}`. `${name}` is replaced.
 */
export type Glob = string;
/**
 * How many leading folders are taken off the names.
 */
export type Strip = number;
/**
 * Counts only when this is true: `|| && ! == != ( )` over `options.NAME`, `arch`, `'text'`, `true` and `false`.
 */
export type When = string | boolean;
/**
 * host, root, or a label.
 */
export type Environment = string;
/**
 * A label; or a label with when and for what it is needed.
 */
export type Need =
  | string
  | {
      build: Label;
      /**
       * build: only while building; run: only when what was built runs; test: only for the test. Without it: build and run.
       */
      for?: 'build' | 'run' | 'test';
      when?: When;
    };
/**
 * An artifact: `[collection/]package[:build]`.
 */
export type Label = string;
/**
 * Artifacts this build or what it makes needs; laid over each other in this order.
 */
export type Needs = Need[];
/**
 * Shell text, run by bash in the top folder of the sources. `${name}` is the shell's here; package, version, arch, jobs, the variables and options of the recipe are shell variables.
 */
export type Step = string;
/**
 * A label, a set (`@name`), or one of them with when it counts.
 */
export type Layer =
  | string
  | {
      /**
       * A label or a set.
       */
      layer: string;
      when?: When;
    };
/**
 * Permission bits in octal, kept as written.
 */
export type Mode = string;
/**
 * Whose it is: `user` or `user:group`, by name or number; without a group that of the same name or number. Names are those of /etc/passwd and /etc/group of this root.
 */
export type Owner = string;
/**
 * The name of a user or group.
 */
export type Account = string;
/**
 * An absolute path in the root.
 */
export type Place = string;

/**
 * One package: where its sources are and the ways it is built. The file is recipes/<collection>/<package>.yaml.
 */
export interface RecipeFile {
  /**
   * The name of the package; the same as the file name. The folder of the file is its collection.
   */
  package: string;
  /**
   * The version of the package, kept as it is written: 1.10 stays 1.10.
   */
  version?: string;
  /**
   * What the package is, in one line.
   */
  summary?: string;
  /**
   * Where people read about the package.
   */
  homepage?: string;
  /**
   * The licence of the package as an SPDX expression.
   */
  license?: string;
  /**
   * The recipe this one starts from: maps are merged, lists and single values replaced.
   */
  extends?: string;
  /**
   * Texts that data fields use as `${name}` and steps as the shell variable of that name.
   */
  vars?: {
    /**
     * The value, kept as it is written; may itself use `${name}`.
     */
    [k: string]: string;
  };
  /**
   * Switches a user may set with `-o [collection/]package.name=value` or in the configuration. In a step each is a shell variable; for a bool its value is `true` or `false`.
   */
  options?: {
    /**
     * One switch: its type, its value when nobody sets it, and what it does.
     */
    [k: string]: {
      /**
       * bool: true or false, enum: one of `values`, text: any text.
       */
      type: 'bool' | 'enum' | 'text';
      /**
       * The value when nobody sets the option.
       */
      default: string | boolean;
      /**
       * What an enum may be.
       *
       * Items: One of the values.
       */
      values?: string[];
      /**
       * What the option does, in one line.
       */
      summary: string;
    };
  };
  /**
   * The files and folders the package is built from, in the order they are unpacked.
   */
  sources?: Source[];
  /**
   * Patches applied to the unpacked sources, in this order.
   */
  patches?: Patch[];
  /**
   * Programs of the machine that this package needs beyond those of its kind (`in: host` only).
   *
   * Items: The name of a program, without folder; `>=` and a version where an older one will not do.
   */
  tools?: string[];
  /**
   * The ways of building the package, each giving one artifact. `main` is the one meant when a label names none.
   */
  builds?: {
    [k: string]: Build;
  };
  root?: Root;
}
/**
 * One source: a file fetched from `url`, a file or folder of this machine at `path`, or a commit of a `git` repository.
 */
export interface Source {
  url?: Url;
  sha256?: Sha256;
  size?: Size;
  /**
   * Where the same release can also be had, possibly with other bytes (a repacked archive), in the order they are tried.
   *
   * Items: A place and the digest of the file there.
   */
  or?: {
    url: Url;
    sha256: Sha256;
  }[];
  /**
   * A file or folder, relative to the folder of this recipe file. `${name}` is replaced.
   */
  path?: string;
  /**
   * Globs of files in the folder that are left out.
   */
  ignore?: Glob[];
  /**
   * The URL of the repository. `${name}` is replaced.
   */
  git?: string;
  /**
   * The full id of the commit: 40 (or 64) hex digits in small letters.
   */
  rev?: string;
  /**
   * The file's name below /build; by default the last part of its place. For the first archive it also names the folder in which the steps start. `${name}` is replaced.
   */
  name?: string;
  strip?: Strip;
  /**
   * The folder below /build into which it is unpacked; by default that in which the steps start. `${name}` is replaced.
   */
  into?: string;
  /**
   * Only this folder of the archive is unpacked (named as it is after `strip`). `${name}` is replaced.
   */
  subdir?: string;
  /**
   * auto: by its name; false: the file only lies in /build; else the name of an archive inside this one, which is unpacked in its place.
   */
  unpack?: string | boolean;
  when?: When;
}
/**
 * One patch file.
 */
export interface Patch {
  /**
   * The patch, relative to the folder of this recipe file. `${name}` is replaced.
   */
  file: string;
  strip?: Strip;
  when?: When;
}
/**
 * One way of building the package.
 */
export interface Build {
  in?: Environment;
  needs?: Needs;
  /**
   * The kind whose steps are run.
   */
  uses?: string;
  /**
   * Values for the parameters of the kind: a list of texts, a text, or true or false. `${name}` is replaced.
   */
  with?: {
    /**
     * The value, of the type the kind says.
     */
    [k: string]: string | boolean | string[];
  };
  /**
   * Exported to the steps, over those of the kind. `${name}` is replaced.
   */
  env?: {
    /**
     * The value of the variable.
     */
    [k: string]: string;
  };
  /**
   * Each replaces the step of the same name of the kind; with a kind that allows any (script), these are the steps, in this order.
   */
  steps?: {
    [k: string]: Step;
  };
  /**
   * What is expected of the files the build leaves.
   */
  outputs?: {
    /**
     * Globs that must match at least one file each.
     */
    expect?: Glob[];
    /**
     * Globs of files that are not kept.
     */
    ignore?: Glob[];
    /**
     * Artifacts whose files this one may cover, change or remove.
     */
    replaces?: Label[];
    /**
     * Globs of files that may contain the text of paths of the sandbox (/sysroot, /build/, /tools/).
     */
    leaks?: Glob[];
  };
  /**
   * What the build takes of the machine.
   */
  resources?: {
    /**
     * How many job slots the build reserves; `$jobs` for tools that know no jobserver.
     */
    cpu?: number;
    memory?: Size;
    /**
     * After this time the build is ended as hanging; numbers with d, h, min and s. Default 2h.
     */
    time?: string;
    /**
     * About how long it takes with one job, as a multiple of the build that the configuration names as `estimates.sbu`. For plans, until it was built here once.
     */
    sbu?: number;
    disk?: Size;
  };
  /**
   * The test of what was built, a node of its own: `label#test`. Without steps of its own it runs those of the kind.
   */
  test?: {
    needs?: Needs;
    /**
     * Each replaces the test step of the same name of the kind.
     */
    steps?: {
      [k: string]: Step;
    };
    /**
     * Names of tests that are known to fail.
     *
     * Items: The name as the test suite prints it.
     */
    known?: string[];
    /**
     * Whether the test also runs with `--tests critical`.
     */
    critical?: boolean;
  };
  when?: When;
}
/**
 * A root filesystem laid together from artifacts, in place of `builds`: its artifact is the whole filesystem. Conflicts between layers are found before anything is written.
 */
export interface Root {
  /**
   * Artifacts, lowest first, each with all it needs to run, or sets of them. Two layers may have the same file only if it is the same in both.
   */
  layers?: Layer[];
  /**
   * Layers that may cover and remove what lies below them; they are laid after all others.
   */
  overrides?: Layer[];
  /**
   * Globs of paths that no layer brings, with all below them.
   *
   * Items: One pattern of paths, without leading slash.
   */
  exclude?: string[];
  /**
   * Folders to be there, by their absolute paths; of those that layers bring these are mode and owner.
   */
  folders?: {
    /**
     * Mode and owner.
     */
    [k: string]: {
      mode?: Mode;
      owner?: Owner;
    };
  };
  /**
   * Files to be there, by their absolute paths, over those of layers.
   */
  files?: {
    /**
     * Its text, or the file beside the recipe it is; mode and owner.
     */
    [k: string]: {
      /**
       * What is in it. `${name}` is replaced.
       */
      text?: string;
      /**
       * A file, relative to the folder of this recipe file. `${name}` is replaced.
       */
      from?: string;
      mode?: Mode;
      owner?: Owner;
    };
  };
  /**
   * Symbolic links to be there, by their absolute paths, and where they lead. `${name}` is replaced.
   */
  links?: {
    /**
     * Where it leads.
     */
    [k: string]: string;
  };
  /**
   * Users to be in /etc/passwd, in this order, after those that layers bring.
   */
  users?: {
    /**
     * One line of /etc/passwd.
     */
    [k: string]: {
      /**
       * Its number.
       */
      uid: number;
      /**
       * The number of its group; without it that of the user.
       */
      gid?: number;
      /**
       * Its full name.
       */
      comment?: string;
      /**
       * Its home folder.
       */
      home?: string;
      /**
       * Its login shell.
       */
      shell?: string;
      /**
       * As in /etc/passwd: nothing is no password, `x` (where none is written) looks into /etc/shadow.
       */
      password?: string;
    };
  };
  /**
   * Groups to be in /etc/group, in this order, after those that layers bring.
   */
  groups?: {
    /**
     * One line of /etc/group.
     */
    [k: string]: {
      /**
       * Its number.
       */
      gid: number;
      /**
       * Users that are in it.
       */
      members?: Account[];
    };
  };
  /**
   * Commands run once in the finished root, in this order, after those of recipes/generated.yaml whose program and folder are there; what they change is part of the root.
   */
  triggers?: {
    [k: string]: Step;
  };
  /**
   * How `recipes boot` starts it. No part of the root: changing it builds nothing.
   */
  boot?: {
    kernel: Place;
    /**
     * Words for the kernel, besides those that say where the root and the console are.
     */
    command?: string;
    init?: Place;
    memory?: Size;
  };
}
