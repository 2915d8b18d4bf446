/**
 * The rules of the house, where a machine can hold them.
 * Layers, cycles and file heads are checked by layers.test.ts, formatting by prettier.
 */
import {fileURLToPath} from 'node:url';
import tseslint from 'typescript-eslint';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Doors to the world outside: each is open in the files named, and nowhere else. */
const DOORS = {
  files: {
    names: ['fs', 'fs/promises', 'node:fs', 'node:fs/promises'],
    message: 'only engine/base/files.ts touches the file system',
    allowed: ['engine/base/files.ts'],
  },
  processes: {
    names: ['child_process', 'node:child_process'],
    message: 'only engine/base/process.ts starts processes',
    allowed: ['engine/base/process.ts'],
  },
  network: {
    names: ['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls', 'node:dns', 'undici'],
    message: 'the network appears in engine/source only',
    // The worker's line to the engine is a socket without a network.
    allowed: ['engine/source/**', 'engine/sandbox/worker.ts'],
  },
  host: {
    names: ['process', 'node:process', 'console', 'node:console', 'os', 'node:os'],
    message: 'ask the Host record (engine/base/host.ts)',
    allowed: ['engine/base/host.ts', 'engine/cli/entry.ts', 'schemas/compile.ts'],
  },
};

/** Entry points are the only files that know the process they run in. */
const ENTRY_POINTS = [
  'engine/base/host.ts',
  'engine/base/crash.ts',
  'engine/cli/entry.ts',
  'engine/sandbox/worker.ts',
  // Scripts, which begin before there is a host.
  'engine/base/load-bundle.cts',
  'engine/cli/main.cts',
];

const PRODUCT = ['engine/**/*.ts', 'engine/**/*.cts', 'store/**/*.ts', 'schemas/**/*.ts'];

/** no-restricted-imports with these doors shut. */
function shut(doors) {
  const paths = doors.flatMap(({names, message}) => names.map((name) => ({name, message})));
  return {'no-restricted-imports': ['error', {paths}]};
}

/** A file that may use one door: the other doors stay shut. */
function openDoor([name, door]) {
  const others = Object.entries(DOORS).flatMap(([other, one]) => (other === name ? [] : [one]));
  return {files: door.allowed, rules: shut(others)};
}

const CLOCK = 'ask the Host record: now() and tick()';

export default tseslint.config(
  {ignores: ['dist/**', 'node_modules/**', 'coverage/**', '**/*.js', 'schemas/types/**']},
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: root}},
    linterOptions: {reportUnusedDisableDirectives: 'error'},
    rules: {
      // A switch counts as one decision: ours are exhaustive tables over a union.
      complexity: ['error', {max: 12, variant: 'modified'}],
      eqeqeq: 'error',
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', 60],
      'no-restricted-syntax': [
        'error',
        {selector: 'ExportDefaultDeclaration', message: 'exports have names'},
        {selector: 'ExportAllDeclaration', message: 'import from the file that has it'},
        {selector: 'ForInStatement', message: 'for…in also walks the prototype'},
      ],
      // `typeof import('x')` is how a package that is loaded late gets its type.
      '@typescript-eslint/consistent-type-imports': ['error', {disallowTypeAnnotations: false}],
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', {argsIgnorePattern: '^_'}],
      // Without a default all are listed; with one it is `unreachable`, or what the rest has in common.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        {considerDefaultExhaustiveForUnions: true},
      ],

      // Softer than strict, on purpose:
      // `(x) => list.push(x)` as a callback and `return close(fd)` as an early end are clear enough.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        {ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true},
      ],
      // Numbers in texts are what texts are for.
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true}],
      // `for (;;)` and `while (true)` end by return.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        {allowConstantLoopConditions: 'only-allowed-literals'},
      ],
      // Our records of functions (Host, Timers) use no `this`, so they may be taken apart.
      '@typescript-eslint/unbound-method': 'off',
      // An async function without await keeps the signature of its siblings.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: PRODUCT,
    rules: {
      ...shut(Object.values(DOORS)),
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        {name: 'process', message: DOORS.host.message},
        {name: 'console', message: 'only engine/ui prints'},
        {name: 'fetch', message: DOORS.network.message},
      ],
      'no-restricted-properties': [
        'error',
        {object: 'Date', property: 'now', message: CLOCK},
        {object: 'performance', property: 'now', message: CLOCK},
      ],
    },
  },
  ...Object.entries(DOORS).map(openDoor),
  {
    files: ['engine/source/**'],
    rules: {'no-restricted-globals': ['error', 'process', 'console']},
  },
  {
    files: ENTRY_POINTS,
    rules: {
      'no-console': 'off',
      'no-restricted-globals': ['error', 'fetch'],
      'no-restricted-properties': 'off',
    },
  },
  {
    // What they load is known when they run.
    files: ['engine/**/*.cts'],
    rules: {'@typescript-eslint/no-require-imports': 'off'},
  },
  {
    // Tests act as users and as the world: they may use all doors, and build odd values.
    files: ['tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
);
