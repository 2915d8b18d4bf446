/**
 * The type of a file we read, made from its schema by schemas/compile.ts --update.
 * Text fields that may be written as numbers are texts here: the loader takes them as written.
 */

/**
 * One prefix, or several that are tried in this order.
 */
export type Prefixes = string | Prefix[];
/**
 * The first part of a URL, usually ending in a slash.
 */
export type Prefix = string;

/**
 * The configuration of a project (recipes.config.yaml), of a user (~/.config/recipes/config.yaml) or of a machine (/etc/recipes/config.yaml). Later ones go over earlier ones: default, system, user, project, environment, flag.
 */
export interface ConfigFile {
  /**
   * Short names of places: `gnu:hello/x.tar.gz` is the URL prefix of `gnu` and the rest. Several prefixes are tried in order. `debian` is known without being listed: the Debian archive configured on the machine.
   */
  aliases?: {
    [k: string]: Prefixes;
  };
  /**
   * For places that start with this prefix, other prefixes that are tried before it.
   */
  mirrors?: {
    [k: string]: Prefixes;
  };
  /**
   * Where artifacts are kept.
   */
  store?: {
    /**
     * The folder of the store, relative to this file. Default `.recipes` beside the project's configuration; RECIPES_STORE and --store go before.
     */
    path?: string;
    /**
     * When a build removes by itself what nothing needs any more; `recipes store gc` does it at any time.
     */
    gc?: {
      /**
       * A build that has something to do collects garbage first when less than this is free on the disk of the store: a number of bytes, or a number with B, KiB, MiB, GiB or TiB; 0 for never. Default: 3 % of the disk, at most 1GiB.
       */
      'min-free'?: string | number;
    };
  };
  /**
   * How many processors all builds together may use. Default: all usable ones; RECIPES_JOBS and -j go before.
   */
  jobs?: number;
  /**
   * Values of the options of recipes: `[collection/]package.name`.
   */
  options?: {
    /**
     * true or false, or a text.
     */
    [k: string]: string | boolean;
  };
  /**
   * Named groups of targets, used as @name: labels, globs of labels, or other @sets.
   */
  sets?: {
    /**
     * What belongs to the set.
     */
    [k: string]: string[];
  };
  /**
   * Packages that stand in the place of others: `collection/package: collection/package`.
   */
  overrides?: {
    /**
     * The label that is used instead.
     */
    [k: string]: string;
  };
  /**
   * How the tests of packages are treated.
   */
  tests?: {
    /**
     * Whether what depends on a build waits for its test (RECIPES_TESTS_GATE goes before).
     */
    gate?: boolean;
  };
  /**
   * What guesses of times start from.
   */
  estimates?: {
    /**
     * The build whose time on this machine is one standard build unit (`resources: {sbu: …}` of recipes).
     */
    sbu?: string;
  };
  /**
   * Limits of what is fetched.
   */
  downloads?: {
    /**
     * A larger file is refused when the recipe states no size: a number of bytes, or a number with B, KiB, MiB, GiB or TiB (RECIPES_MAX_DOWNLOAD goes before).
     */
    'max-size'?: string | number;
  };
}
