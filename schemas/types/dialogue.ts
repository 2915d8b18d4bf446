/**
 * The type of a file we read, made from its schema by schemas/compile.ts --update.
 * Text fields that may be written as numbers are texts here: the loader takes them as written.
 */

/**
 * What is to be seen on the console of a machine that is started, and what is typed then (`recipes boot --expect`).
 */
export interface DialogueFile {
  /**
   * How long each step may take. Default: 1min.
   */
  timeout?: string;
  /**
   * One after the other.
   *
   * Items: Waits for what is to be seen, then sends. Each step looks behind what the step before has seen.
   */
  steps: {
    /**
     * A text that has to appear.
     */
    expect?: string;
    /**
     * A regular expression (JavaScript, without slashes) that has to match.
     */
    match?: string;
    /**
     * What is typed; `\n` is the Enter key.
     */
    send?: string;
    /**
     * How long this step may take.
     */
    timeout?: string;
  }[];
}
