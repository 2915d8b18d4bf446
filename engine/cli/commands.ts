/**
 * The one table of commands and options: parser, help and completion are made from it.
 * Only says what can be asked; the answers are in the files beside it, loaded when needed.
 */
import {Command, CommanderError, InvalidArgumentError, Option} from 'commander';
import {count, page, pair, size, type Parse} from './option-values.ts';

/** Options every command understands. */
export interface GlobalOptions {
  readonly directory: string;
  readonly store?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color: 'auto' | 'always' | 'never';
  readonly json?: boolean;
  readonly progress: 'auto' | 'plain' | 'fancy' | 'json' | 'quiet';
  readonly option?: Readonly<Record<string, string>>;
}

/** One call of the command line, ready to be answered. */
export interface Call {
  readonly command: string;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly globals: GlobalOptions;
}

interface Spec {
  readonly name: string;
  readonly summary: string;
  readonly options?: readonly Option[];
  readonly examples?: readonly string[];
  readonly group?: string;
}

const many = parsed(count);
const jobs = new Option('-j, --jobs <n>', 'how many things run at the same time').argParser(many);
const offline = new Option('--offline', 'fetch nothing; name all that is missing');
const noWait = new Option('--no-wait', 'fail instead of waiting for another process');

const BUILD_OPTIONS: readonly Option[] = [
  jobs,
  new Option('-k, --keep-going', 'after a failure go on with all that does not need it'),
  new Option('--on-error <mode>', 'after a failure: finish what runs, continue, or kill')
    .choices(['finish', 'continue', 'kill'])
    .default('finish'),
  new Option('-n, --dry-run', 'only say what would run, and why'),
  new Option('--explain', 'say for each node why it runs'),
  new Option('--tests <which>', 'run the tests of what is built')
    .choices(['none', 'critical', 'all'])
    .default('none'),
  new Option('--force', 'build the named targets even when they are fresh'),
  offline,
  noWait,
  new Option('--trace <file>', 'write where the time went, for Perfetto'),
  new Option('--timings [file]', 'the same as a page for a browser')
    .argParser(parsed(page))
    .preset('timings.html'),
];

/** Of a build that is repeated; what is asked for once is no part of it. */
const WATCH_OPTIONS: readonly Option[] = BUILD_OPTIONS.filter(
  (one) => !['--dry-run', '--explain', '--force', '--trace'].includes(one.long ?? ''),
);

/** Every command; the words in <> are required, in [] optional. */
export const COMMANDS: readonly Spec[] = [
  {
    name: 'build [targets...]',
    summary: 'Build what is not fresh',
    options: BUILD_OPTIONS,
    examples: ['build examples/hello', 'build @tour -j4 -k', 'build -n @tour'],
  },
  {
    name: 'test [targets...]',
    summary: 'Run the tests of builds',
    options: BUILD_OPTIONS.filter((o) => o.long !== '--tests'),
  },
  {
    name: 'watch [targets...]',
    summary: 'Build, and build again whenever something has changed',
    options: WATCH_OPTIONS,
    examples: ['watch', 'watch examples/hello', 'watch @tour --tests critical -k'],
  },
  {name: 'list [targets...]', summary: 'List packages, builds and sets'},
  {name: 'show <target>', summary: 'Show one build: key, state, needs, sources'},
  {name: 'validate', summary: 'Read all recipes and report every mistake'},
  {
    name: 'graph [targets...]',
    summary: 'Print the graph',
    options: [new Option('--format <format>', 'as what').choices(['dot', 'json']).default('dot')],
  },
  {name: 'why <target> <need>', summary: 'Show how one target comes to need another'},
  {
    name: 'deps <target>',
    summary: 'What a target needs',
    options: [new Option('--direct', 'only direct needs')],
  },
  {
    name: 'rdeps <target>',
    summary: 'What needs a target',
    options: [new Option('--direct', 'only direct dependents')],
  },
  {
    name: 'explain <target>',
    summary: 'Why a target is fresh or must run',
    options: [new Option('--all', 'unchanged fields too')],
  },
  {
    name: 'log <target>',
    summary: 'Print the log of the last run of a target',
    options: [
      new Option('--previous', 'the run before the last'),
      new Option('--path', 'only the path of the log'),
    ],
  },
  {
    name: 'checkout <target> <folder>',
    summary: 'Put the files of a target into a folder',
    options: [
      new Option('--with-run', 'with all it needs to run'),
      new Option('--copy', 'copies instead of hard links'),
    ],
  },
  {
    name: 'export <target>',
    summary: 'Write the files of a target for others',
    options: [
      new Option('--as <form>', 'what it is written as')
        .choices(['tar', 'dir', 'ext4'])
        .default('tar'),
      new Option('-o, --output <file>', 'where; - is standard output').default('-'),
      new Option('--with-run', 'with all it needs to run'),
      new Option('--size <size>', 'of an image: 1GiB').argParser(parsed(size)),
    ],
    examples: ['export my/rescue -o rescue.tar', 'export my/rescue --as dir -o /mnt/target'],
  },
  {name: 'files <target>', summary: 'List the files of a target'},
  {
    name: 'owner <path>',
    summary: 'Which target has a file',
    options: [new Option('--in <target>', 'only there and in what it needs')],
  },
  {name: 'run <target> <command...>', summary: 'Run a command of a built target in the sandbox'},
  {
    name: 'shell <targets...>',
    summary: 'A shell in the build environment of a target',
    options: [
      new Option('--failed', 'in the folder where the last build failed'),
      new Option('--root', 'in a root of these targets and what they need to run'),
      new Option('-c, --command <text>', 'run this instead of an interactive shell'),
      offline,
    ],
    examples: ['shell examples/hello', 'shell --failed tour/zlib'],
  },
  {
    name: 'doctor',
    summary: 'Check what this machine can do',
    options: [new Option('--for <target>', 'also the tools that its builds ask for')],
    examples: ['doctor --for tour/zlib', 'doctor --for tour'],
  },
  {name: 'init [folder]', summary: 'Start a project'},
  {
    name: 'new <label>',
    summary: 'Write a new recipe',
    options: [
      new Option('--url <url>', 'where its source is'),
      new Option('--kind <kind>', 'its build system').default('autotools'),
    ],
  },
  {
    name: 'config show',
    summary: 'Show the configuration',
    options: [new Option('--origin', 'with where each value is from')],
  },
  {
    name: 'source pin <url>',
    summary: 'Fetch a source and print its sha256',
    options: [new Option('--write <label>', 'write it into this recipe')],
  },
  {name: 'source prefer <target> <n>', summary: 'Use the N-th place of the sources from now on'},
  {
    name: 'schema print [name]',
    summary: 'Print a schema: recipe, kind, config, generated or events',
  },
  {
    name: 'store verify',
    summary: 'Look whether everything in the store is what it should be',
    options: [
      new Option('--full', 'read every byte'),
      new Option('--repair', 'restore what is damaged: from copies, sources, or by building'),
      new Option('--from <store>', 'take what is whole there'),
      new Option('--yes', 'do not ask'),
    ],
    examples: ['store verify --full', 'store verify --repair --from /mnt/backup/.recipes'],
  },
  {name: 'store reindex', summary: 'Make everything but content anew from content'},
  {
    name: 'store export <targets...>',
    summary: 'Write artifacts and all they need to run into one tar',
    options: [
      new Option('-o, --output <file>', 'where to; - is standard output').makeOptionMandatory(),
      new Option('--with-build', 'and all they were built with: where that is, nothing is stale'),
    ],
    examples: ['store export examples/hello -o hello.tar'],
  },
  {name: 'store import <file>', summary: 'Take artifacts from such a tar; - is standard input'},
  {
    name: 'store gc',
    summary: 'Remove what nothing needs any more',
    options: [
      new Option('--dry-run', 'only list what would go'),
      new Option('--older-than <time>', 'only what nobody has touched for so long (14d)'),
      new Option('--max-size <size>', 'only so much, oldest first, that so much is left (20G)'),
      new Option('--grace <time>', 'keep what is younger; default 1h'),
      noWait,
    ],
    examples: ['store gc --dry-run', 'store gc --older-than 14d', 'store gc --max-size 20G'],
  },
  {name: 'store size [targets...]', summary: 'What artifacts and the store take on the disk'},
  {name: 'store roots', summary: 'List what gc keeps: projects, pins, generations'},
  {
    name: 'store pin <target>',
    summary: 'Keep an artifact and what it needs to run',
    options: [new Option('--as <name>', 'the name of the pin; default the name of the target')],
  },
  {name: 'store unpin <name>', summary: 'Keep it no longer'},
  {
    name: 'root switch <name> <target>',
    summary: 'Build a target and make its files the current generation of a profile',
    options: [
      new Option('--at <folder>', 'where the profile is to be; default roots/NAME'),
      new Option('--with-run', 'with all it needs to run'),
      new Option('--copy', 'copies instead of hard links'),
      jobs,
      offline,
      noWait,
    ],
    examples: [
      'root switch tools examples/hello',
      'root switch tools examples/hello --with-run --at /srv/tools',
    ],
  },
  {
    name: 'root rollback <name> [n]',
    summary: 'Go back to the generation before, or to any other',
    options: [noWait],
  },
  {name: 'root history <name>', summary: 'List the generations of a profile'},
  {name: 'root diff <name> [a] [b]', summary: 'What differs between two generations'},
  {
    name: 'root pin <name> <n>',
    summary: 'Keep a generation from being removed',
    options: [new Option('--off', 'take the pin away'), noWait],
  },
  {
    name: 'root remove <name> [n...]',
    summary: 'Remove generations; gc frees what nothing else needs',
    options: [new Option('--keep <k>', 'all but the newest ones').argParser(many), noWait],
    examples: ['root remove tools 1 2', 'root remove tools --keep 3'],
  },
  {name: 'root list', summary: 'List the profiles of the store'},
  {name: 'completion <shell>', summary: 'Print the completion script for bash, zsh or fish'},
];

/** Makes the parser; `answer` is called with the one call that was made. */
export function makeProgram(version: string, answer: (call: Call) => Promise<void>): Command {
  const program = new Command('recipes');
  program
    .description(
      'Builds Linux systems from recipes: only what is stale, each in a sandbox, nothing lost.',
    )
    .version(version, '--version')
    .enablePositionalOptions()
    .showHelpAfterError('(recipes --help lists the commands)')
    .exitOverride();
  for (const option of globalOptions(true)) program.addOption(option);
  for (const spec of COMMANDS) addCommand(program, spec, answer);
  return program;
}

/** Parses and answers: `helped` after --help or --version, `refused` after words that cannot be meant. */
export async function parseWords(
  program: Command,
  argv: readonly string[],
): Promise<'answered' | 'helped' | 'refused'> {
  try {
    await program.parseAsync(argv);
    return 'answered';
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 'helped' : 'refused';
  }
}

/**
 * The options every command has, before it and after it. Defaults belong to the program alone:
 * one left out after the command must not hide the one given before it.
 */
function globalOptions(top: boolean): readonly Option[] {
  const choices = (option: Option, all: readonly string[], usual: string): Option =>
    top ? option.choices(all).default(usual) : option.choices(all).hideHelp();
  const plain = (option: Option): Option => (top ? option : option.hideHelp());
  const directory = plain(new Option('-C, --directory <folder>', 'work as if started there'));
  const progress = choices(
    new Option('--progress <how>', 'how progress is shown'),
    PROGRESS,
    'auto',
  );
  return [
    top ? directory.default('.') : directory,
    plain(new Option('--store <folder>', 'where artifacts are kept')),
    plain(new Option('-q, --quiet', 'only errors')),
    plain(new Option('-v, --verbose', 'also what is fresh')),
    choices(new Option('--color <when>', 'colours'), ['auto', 'always', 'never'], 'auto'),
    plain(new Option('--json', 'data as JSON on standard output')),
    top ? progress.env('RECIPES_PROGRESS') : progress,
    plain(
      new Option('-o, --option <name=value>', 'set an option of a package').argParser(parsed(pair)),
    ),
  ];
}

/** A letter the command has for itself is not that of a global option there. */
function globalsBeside(own: readonly Option[]): readonly Option[] {
  const taken = new Set(own.map((option) => option.short));
  return globalOptions(false).filter(({short}) => short === undefined || !taken.has(short));
}

const PROGRESS = ['auto', 'plain', 'fancy', 'json', 'quiet'];

/** `config show` becomes a command below a command; the global options may stand after it too. */
function addCommand(program: Command, spec: Spec, answer: (call: Call) => Promise<void>): void {
  const [first = '', second = ''] = spec.name.split(' ');
  const nested = Object.hasOwn(GROUPS, first);
  const parent = nested ? groupOf(program, first) : program;
  const command = parent.command(nested ? spec.name.slice(first.length + 1) : spec.name);
  if (first === 'run') command.passThroughOptions();
  command.description(spec.summary).exitOverride().showHelpAfterError(`(recipes help ${first})`);
  for (const option of [...(spec.options ?? []), ...globalsBeside(spec.options ?? [])]) {
    command.addOption(option);
  }
  if (spec.examples !== undefined) {
    const lines = spec.examples.map((one) => `  recipes ${one}\n`).join('');
    command.addHelpText('after', `\nExamples:\n${lines}`);
  }
  command.action(async (...args: unknown[]) => {
    const words = args
      .slice(0, -2)
      .flat()
      .filter((word) => typeof word === 'string');
    await answer({
      command: nested ? `${first} ${second}` : first,
      words,
      options: command.opts(),
      globals: together(program.opts<GlobalOptions>(), given(command)),
    });
  });
}

/** Commands below a command. */
const GROUPS: Readonly<Record<string, string>> = {
  config: 'The configuration',
  source: 'Sources of recipes',
  schema: 'The schemas of recipes and their kin',
  store: 'What was built, and the room it takes',
  root: 'Profiles: folders with what was built, in generations',
};

function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((one) => one.name() === name);
  return (
    known ??
    program
      .command(name)
      .description(GROUPS[name] ?? '')
      .exitOverride()
  );
}

/** What stands after the command goes before what stands before it; `-o` adds up. */
function together(before: GlobalOptions, after: Partial<GlobalOptions>): GlobalOptions {
  const option = {...before.option, ...after.option};
  return {...before, ...after, ...(Object.keys(option).length > 0 ? {option} : {})};
}

function given(command: Command): Partial<GlobalOptions> {
  return Object.fromEntries(
    Object.entries(command.opts()).filter(([, value]) => value !== undefined),
  );
}

/** What is wrong with a value, as commander tells it. */
function parsed<Value>(parse: Parse<Value>): (text: string, before?: Value) => Value {
  return (text, before) => {
    const read = parse(text, before);
    if (!read.ok) throw new InvalidArgumentError(read.error);
    return read.value;
  };
}
