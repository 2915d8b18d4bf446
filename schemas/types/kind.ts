/**
 * The type of a file we read, made from its schema by schemas/compile.ts --update.
 * Text fields that may be written as numbers are texts here: the loader takes them as written.
 */

/**
 * The name of a program, without folder; `>=` and a version where an older one will not do.
 */
export type Tool = string;
/**
 * Shell text, run by bash in the top folder of the sources. `${name}` is the shell's here; package, version, arch, jobs, the variables and options of the recipe are shell variables.
 */
export type Step = string;

/**
 * A build system as data: what the builds that use it take as parameters, which tools they need, and the steps they run. One file per kind in recipes/kinds, named like the kind.
 */
export interface KindFile {
  /**
   * The name that builds write at `uses`; the same as the file name.
   */
  kind: string;
  /**
   * What the kind is for, in one line.
   */
  summary: string;
  /**
   * What a build may set at `with`. In a step the parameter NAME is the shell variable `with_NAME`; a list is a bash array: `"${with_NAME[@]}"`.
   */
  with?: {
    /**
     * One parameter: its type, the value it has when a build does not set it, and what it does.
     */
    [k: string]: {
      /**
       * list: texts, text: one text, bool: true or false (in a step the words `true` and `false`).
       */
      type: 'list' | 'text' | 'bool';
      /**
       * The value when a build does not set it; without one: an empty list, an empty text, false. `${name}` is replaced by the value of a variable.
       */
      default?: string | boolean | string[];
      /**
       * What the parameter does, in one line.
       */
      summary: string;
    };
  };
  /**
   * Options of bash (`set -o`) under which the steps run.
   *
   * Items: One option of bash.
   */
  shell?: ('errexit' | 'errtrace' | 'noglob' | 'nounset' | 'pipefail' | 'verbose' | 'xtrace')[];
  /**
   * Programs of the machine that the steps call; links to them are all that is in PATH of a build `in: host`. Not used in other environments.
   */
  tools?: Tool[];
  host?: Block;
  root?: Block;
  /**
   * The steps in the order they run, all in one shell. A build replaces a step by writing one of the same name; an empty step is a place for that. The word `any` means: builds write steps of their own, which run in their order.
   */
  steps:
    | {
        [k: string]: Step;
      }
    | string;
  /**
   * How builds of this kind are tested when they ask for it with `test:`.
   */
  test?: {
    /**
     * The steps of the test in the order they run; a build's `test.steps` replaces those of the same name.
     */
    steps?: {
      [k: string]: Step;
    };
  };
}
/**
 * What is added in one sort of environment.
 */
export interface Block {
  /**
   * Exported to the steps; a build's `env` goes over it. `${name}` is replaced by the value of a variable.
   */
  env?: {
    /**
     * The value of the variable.
     */
    [k: string]: string;
  };
}
