/**
 * The parser of the command line and its help, made from the table of commands. Calls are answered
 * in the files beside it, loaded when needed.
 */
import {Command, CommanderError, InvalidArgumentError, Option} from 'commander';
import {COMMANDS, type OptionSpec, type Spec} from './command-table.ts';
import {pair, type Parse} from './option-values.ts';

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

/**
 * Makes the parser; `answer` is called with the one call that was made. `first`: the first of the words; where it is a
 * command, the others need not be known.
 */
export function makeProgram(
  version: string,
  answer: (call: Call) => Promise<void>,
  first?: string,
): Command {
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
  const named = COMMANDS.filter(({name}) => !isNested(name) && name.split(' ')[0] === first);
  for (const spec of named.length > 0 ? named : COMMANDS) addCommand(program, spec, answer);
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

/** As commander wants it. */
function optionOf({flags, summary, choices, usual, preset, parse, required}: OptionSpec): Option {
  const option = new Option(flags, summary);
  if (choices !== undefined) option.choices(choices);
  if (parse !== undefined) option.argParser(parsed(parse));
  if (preset !== undefined) option.preset(preset);
  if (usual !== undefined) option.default(usual);
  return option.makeOptionMandatory(required === true);
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
  const nested = isNested(spec.name);
  const parent = nested ? groupOf(program, first) : program;
  const command = parent.command(nested ? spec.name.slice(first.length + 1) : spec.name);
  if (first === 'run') command.passThroughOptions();
  command.description(spec.summary).exitOverride().showHelpAfterError(`(recipes help ${first})`);
  const own = (spec.options ?? []).map(optionOf);
  for (const option of [...own, ...globalsBeside(own)]) command.addOption(option);
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

function isNested(name: string): boolean {
  return Object.hasOwn(GROUPS, name.split(' ')[0] ?? '');
}

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
