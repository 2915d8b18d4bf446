/**
 * The type of a file we read, made from its schema by schemas/compile.ts --update.
 * Text fields that may be written as numbers are texts here: the loader takes them as written.
 */

/**
 * Files that no artifact may own (recipes/generated.yaml): caches and indexes that are made once in a finished root. They are dropped from what builds leave.
 */
export interface GeneratedFile {
  /**
   * Groups of such files.
   *
   * Items: Files that are made together.
   */
  generated: {
    /**
     * Patterns of paths, without leading slash: `*` within a folder, `**` across folders, `?`, `[ab]`, `{a,b}`.
     *
     * Items: One pattern.
     */
    globs: string[];
    /**
     * Shell text that makes them in a finished root; without one they are left out for good.
     */
    trigger?: string;
    /**
     * The program the trigger is made with: it is run only in roots that have it, and one of the folders the globs begin with.
     */
    program?: string;
    /**
     * What they are, in one line.
     */
    summary: string;
  }[];
}
