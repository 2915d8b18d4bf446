/** The part of spdx-expression-parse that is used: throws an Error for what is no expression. */
declare module 'spdx-expression-parse' {
  function parse(expression: string): unknown;
  export = parse;
}
