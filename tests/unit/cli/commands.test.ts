/** Words of the command line become one call, or a message that says what is wrong with them. */
import test from 'ava';
import {CommanderError, type Command} from 'commander';
import {COMMANDS} from '../../../engine/cli/command-table.ts';
import {makeProgram, type Call} from '../../../engine/cli/commands.ts';
import {matchesGolden} from '../../support/golden.ts';

interface Parsed {
  readonly call: Call | undefined;
  readonly out: string;
  readonly errors: string;
  /** Of commander; undefined when the call was made. */
  readonly code: string | undefined;
}

const parse = (...argv: readonly string[]): Promise<Parsed> => parseKnowing(argv[0], argv);

/** `first`: what is said to be the first of the words. */
async function parseKnowing(first: string | undefined, argv: readonly string[]): Promise<Parsed> {
  let call: Call | undefined;
  let out = '';
  let errors = '';
  const program = makeProgram(
    '1.2.3',
    (made) => {
      call = made;
      return Promise.resolve();
    },
    first,
  );
  const quiet = (command: Command): void => {
    command.configureOutput({
      writeOut: (text) => void (out += text),
      writeErr: (text) => void (errors += text),
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    });
    command.commands.forEach(quiet);
  };
  quiet(program);
  try {
    await program.parseAsync(argv, {from: 'user'});
    return {call, out, errors, code: undefined};
  } catch (error) {
    if (error instanceof CommanderError) return {call, out, errors, code: error.code};
    throw error;
  }
}

/** A command line, and the command and words it becomes, with what is said of options. */
type Row = readonly [string, string, readonly string[], object?, object?];

const CALLS: readonly Row[] = [
  ['build', 'build', [], {jobs: undefined, tests: 'none', onError: 'finish', wait: true}],
  ['build a b/c:d @set', 'build', ['a', 'b/c:d', '@set']],
  ['build a -j 4 -k', 'build', ['a'], {jobs: 4, keepGoing: true}],
  ['build -j4 -n a', 'build', ['a'], {jobs: 4, dryRun: true}],
  ['build --jobs=12 --force a', 'build', ['a'], {jobs: 12, force: true}],
  ['build --no-wait --offline', 'build', [], {wait: false, offline: true}],
  ['build --on-error kill --tests all', 'build', [], {onError: 'kill', tests: 'all'}],
  ['build --trace out.json --explain', 'build', [], {trace: 'out.json', explain: true}],
  ['build a --timings', 'build', ['a'], {timings: 'timings.html', trace: undefined}],
  ['build --timings=p.htm a', 'build', ['a'], {timings: 'p.htm'}],
  ['build --timings p.html a', 'build', ['a'], {timings: 'p.html'}],
  ['build a', 'build', ['a'], {timings: undefined}],
  ['build -nk a', 'build', ['a'], {dryRun: true, keepGoing: true}],
  ['build -- -odd', 'build', ['-odd']],
  ['test a --force', 'test', ['a'], {force: true, tests: undefined}],
  ['list', 'list', []],
  ['show a', 'show', ['a']],
  ['validate', 'validate', []],
  ['graph', 'graph', [], {format: 'dot'}],
  ['graph --format json a', 'graph', ['a'], {format: 'json'}],
  ['why a b', 'why', ['a', 'b']],
  ['deps --direct a', 'deps', ['a'], {direct: true}],
  ['rdeps a', 'rdeps', ['a'], {direct: undefined}],
  ['explain --all a', 'explain', ['a'], {all: true}],
  ['log a --previous --path', 'log', ['a'], {previous: true, path: true}],
  ['checkout a out --with-run --copy', 'checkout', ['a', 'out'], {withRun: true, copy: true}],
  ['files a', 'files', ['a']],
  ['owner /usr/bin/x --in a', 'owner', ['/usr/bin/x'], {in: 'a'}],
  ['shell a b --root', 'shell', ['a', 'b'], {root: true}],
  ['shell a --failed -c ls', 'shell', ['a'], {failed: true, command: 'ls'}],
  ['doctor', 'doctor', []],
  ['init', 'init', []],
  ['init folder', 'init', ['folder']],
  ['new a/b --url x:y', 'new', ['a/b'], {url: 'x:y', kind: 'autotools'}],
  ['config show --origin', 'config show', [], {origin: true}],
  ['source pin x:y --write a/b', 'source pin', ['x:y'], {write: 'a/b'}],
  ['source prefer a 2', 'source prefer', ['a', '2']],
  ['schema print', 'schema print', []],
  ['schema print kind', 'schema print', ['kind']],
  ['completion bash', 'completion', ['bash']],
  // The words of `run` after the target belong to the command.
  ['run a -- ls -x', 'run', ['a', '--', 'ls', '-x']],
  ['run a ls -l --json', 'run', ['a', 'ls', '-l', '--json'], {}, {json: undefined}],
  ['run --json a ls -q', 'run', ['a', 'ls', '-q'], {}, {json: true, quiet: undefined}],
  ['-C x run a ls -C y', 'run', ['a', 'ls', '-C', 'y'], {}, {directory: 'x'}],
  // Global options stand before the command or after it.
  ['build', 'build', [], {}, {directory: '.', color: 'auto', progress: 'auto', json: undefined}],
  ['--json build', 'build', [], {}, {json: true}],
  ['build --json', 'build', [], {}, {json: true}],
  ['-q -v --store s list', 'list', [], {}, {quiet: true, verbose: true, store: 's'}],
  ['list -q -v --store s', 'list', [], {}, {quiet: true, verbose: true, store: 's'}],
  ['-C x build', 'build', [], {}, {directory: 'x'}],
  ['-C x build -C y', 'build', [], {}, {directory: 'y'}],
  ['--color never build', 'build', [], {}, {color: 'never'}],
  ['--color never build --color always', 'build', [], {}, {color: 'always'}],
  ['--progress json build a', 'build', ['a'], {}, {progress: 'json'}],
  ['config show --json', 'config show', [], {}, {json: true}],
  ['--json config show', 'config show', [], {}, {json: true}],
  // -o adds up, wherever it stands; a value may have any signs.
  ['build', 'build', [], {}, {option: undefined}],
  ['build -o a.b=1 -o c.d=2', 'build', [], {}, {option: {'a.b': '1', 'c.d': '2'}}],
  ['-o a.b=1 build -o c.d=2', 'build', [], {}, {option: {'a.b': '1', 'c.d': '2'}}],
  ['-o a.b=1 build -o a.b=2', 'build', [], {}, {option: {'a.b': '2'}}],
  ['build -o a.b=x=y -o c.d=', 'build', [], {}, {option: {'a.b': 'x=y', 'c.d': ''}}],
];

for (const [line, command, words, options = {}, globals = {}] of CALLS) {
  test(`${line}: ${JSON.stringify({...options, ...globals})}`, async (t) => {
    const {call, errors} = await parse(...line.split(' '));
    t.is(errors, '');
    t.is(call?.command, command);
    t.deepEqual(call?.words, words);
    t.deepEqual(only(call?.options, options), options);
    t.deepEqual(only(call?.globals, globals), globals);
  });
}

/** Of a record the names that another has. */
function only(all: object | undefined, wanted: object): object {
  const given = new Map<string, unknown>(Object.entries(all ?? {}));
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, given.get(name)]));
}

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['buidl', /unknown command 'buidl'\n\(Did you mean build\?\)\n\(recipes --help lists/],
  ['config shw', /unknown command 'shw'/],
  ['config', /Usage: recipes config [^]*show/],
  ['build --nope', /unknown option '--nope'\n\(recipes help build\)/],
  ['build --forse', /unknown option '--forse'\n\(Did you mean --force\?\)/],
  ['build -j 0', /argument '0' is invalid\. '0' is not a number from 1 up/],
  ['build -j 1.5', /'1\.5' is not a number from 1 up/],
  ['build -j two', /'two' is not a number from 1 up/],
  ['build -j', /argument missing/],
  ['build --timings examples/hello', /a page's name ends in \.html: write --timings after 'exam/],
  ['build --on-error stop', /Allowed choices are finish, continue, kill/],
  ['build --tests some', /Allowed choices are none, critical, all/],
  ['build --color blue', /Allowed choices are auto, always, never/],
  ['--progress slow build', /Allowed choices are auto, plain, fancy, json, quiet/],
  ['build -o name', /'name' is not of the form name=value/],
  ['build -o =value', /'=value' is not of the form name=value/],
  ['test --tests all', /unknown option '--tests'/],
  ['graph --format svg', /Allowed choices are dot, json/],
  ['log', /missing required argument 'target'/],
  ['why a', /missing required argument 'need'/],
  ['checkout a', /missing required argument 'folder'/],
  ['run a', /missing required argument 'command'/],
  ['shell', /missing required argument 'targets'/],
  ['show a b', /too many arguments for 'show'/],
  ['doctor now', /too many arguments/],
  ['-j 4 build', /unknown option '-j'/],
];

for (const [line, message] of WRONG) {
  test(`${line} is refused`, async (t) => {
    const {call, out, errors, code} = await parse(...line.split(' '));
    t.is(call, undefined);
    t.not(code, undefined);
    t.regex(errors, message);
    t.is(out, '');
  });
}

test('a parser that is told the first word knows that command alone', (t) => {
  const known = (first: string | undefined): number =>
    makeProgram('1', () => Promise.resolve(), first).commands.length;
  const all = known(undefined);
  t.true(all > 20);
  for (const name of ['build', 'test', 'watch', 'run', 'validate', 'log'])
    t.is(known(name), 1, name);
  for (const name of ['store', 'config', 'buidl', '--json', '-C', 'help', ''])
    t.is(known(name), all, name);
});

test('a parser that knows the one command says the same as one that knows all', async (t) => {
  const lines = [...CALLS, ...WRONG].map(([line]) => line.split(' '));
  for (const argv of [...lines, ['build', '--help'], ['store', '--help'], ['help', 'build']]) {
    t.deepEqual(await parse(...argv), await parseKnowing(undefined, argv), argv.join(' '));
  }
});

test('without words: the help, as an error', async (t) => {
  const {call, out, errors, code} = await parse();
  t.is(call, undefined);
  t.deepEqual({out, code}, {out: '', code: 'commander.help'});
  t.regex(errors, /^Usage: recipes \[options\] \[command\]\n/);
});

test('the version', async (t) => {
  const {out, code} = await parse('--version');
  t.deepEqual({out, code}, {out: '1.2.3\n', code: 'commander.version'});
});

test('help of the program and of a command', async (t) => {
  matchesGolden(t, 'help/recipes.txt', (await parse('--help')).out);
  matchesGolden(t, 'help/build.txt', (await parse('help', 'build')).out);
  t.is((await parse('build', '--help')).out, (await parse('help', 'build')).out);
});

test('every command has help that fits 80 columns, and global options are shown once', async (t) => {
  for (const {name, summary} of COMMANDS) {
    const words = name.split(' ').filter((word) => /^\w+$/.test(word));
    const {out} = await parse(...words, '--help');
    t.true(out.startsWith(`Usage: recipes ${words.join(' ')} `), out);
    t.true(out.includes(`\n${summary}\n`), name);
    t.notRegex(out, /.{81}|--progress/, name);
  }
});

test('examples of the help are calls that can be made', async (t) => {
  for (const {examples = []} of COMMANDS) {
    for (const example of examples) t.not((await parse(...example.split(' '))).call, undefined);
  }
});
