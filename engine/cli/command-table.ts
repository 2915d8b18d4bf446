/**
 * The one table of commands and options, as data: parser, help and completion are made from it
 * (commands.ts). Only says what can be asked.
 */
import {count, page, size, type Parse} from './option-values.ts';

/** An option as people write it: `-j, --jobs <n>`. */
export interface OptionSpec extends OptionFacts {
  readonly flags: string;
  readonly summary: string;
}

interface OptionFacts {
  readonly choices?: readonly string[];
  /** The value where nothing is said. */
  readonly usual?: string;
  /** The value where the option is named without one. */
  readonly preset?: string;
  readonly parse?: Parse<unknown>;
  readonly required?: boolean;
}

export interface Spec {
  readonly name: string;
  readonly summary: string;
  readonly options?: readonly OptionSpec[];
  readonly examples?: readonly string[];
  readonly group?: string;
}

function option(flags: string, summary: string, facts: OptionFacts = {}): OptionSpec {
  return {flags, summary, ...facts};
}

function longName({flags}: OptionSpec): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? '';
}

const jobs = option('-j, --jobs <n>', 'how many things run at the same time', {parse: count});
const offline = option('--offline', 'fetch nothing; name all that is missing');
const noWait = option('--no-wait', 'fail instead of waiting for another process');

const BUILD_OPTIONS: readonly OptionSpec[] = [
  jobs,
  option('-k, --keep-going', 'after a failure go on with all that does not need it'),
  option('--on-error <mode>', 'after a failure: finish what runs, continue, or kill', {
    choices: ['finish', 'continue', 'kill'],
    usual: 'finish',
  }),
  option('-n, --dry-run', 'only say what would run, and why'),
  option('--explain', 'say for each node why it runs'),
  option('--tests <which>', 'run the tests of what is built', {
    choices: ['none', 'critical', 'all'],
    usual: 'none',
  }),
  option('--force', 'build the named targets even when they are fresh'),
  offline,
  noWait,
  option('--trace <file>', 'write where the time went, for Perfetto'),
  option('--timings [file]', 'the same as a page for a browser', {
    parse: page,
    preset: 'timings.html',
  }),
];

/** Of a build that is repeated; what is asked for once is no part of it. */
const WATCH_OPTIONS: readonly OptionSpec[] = BUILD_OPTIONS.filter(
  (one) => !['--dry-run', '--explain', '--force', '--trace'].includes(longName(one)),
);

const BOOT_OPTIONS: readonly OptionSpec[] = [
  option('--expect <file>', 'a dialogue with the console; the machine ends with it'),
  option('--append <words>', 'more words for the kernel'),
  option('--memory <size>', 'what the machine has: 512MiB', {parse: size}),
  option('--accel <how>', 'who runs its code; auto: KVM where there is one', {
    choices: ['auto', 'kvm', 'tcg'],
    usual: 'auto',
  }),
];

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
    options: BUILD_OPTIONS.filter((o) => longName(o) !== '--tests'),
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
    options: [option('--format <format>', 'as what', {choices: ['dot', 'json'], usual: 'dot'})],
  },
  {name: 'why <target> <need>', summary: 'Show how one target comes to need another'},
  {
    name: 'deps <target>',
    summary: 'What a target needs',
    options: [option('--direct', 'only direct needs')],
  },
  {
    name: 'rdeps <target>',
    summary: 'What needs a target',
    options: [option('--direct', 'only direct dependents')],
  },
  {
    name: 'explain <target>',
    summary: 'Why a target is fresh or must run',
    options: [option('--all', 'unchanged fields too')],
  },
  {
    name: 'log <target>',
    summary: 'Print the log of the last run of a target',
    options: [
      option('--previous', 'the run before the last'),
      option('--path', 'only the path of the log'),
    ],
  },
  {
    name: 'checkout <target> <folder>',
    summary: 'Put the files of a target into a folder',
    options: [
      option('--with-run', 'with all it needs to run'),
      option('--copy', 'copies instead of hard links'),
    ],
  },
  {
    name: 'export <target>',
    summary: 'Write the files of a target for others',
    options: [
      option('--as <form>', 'what it is written as', {
        choices: ['tar', 'dir', 'ext4', 'disk', 'qcow2'],
        usual: 'tar',
      }),
      option('-o, --output <file>', 'where; - is standard output', {usual: '-'}),
      option('--with-run', 'with all it needs to run'),
      option('--size <size>', 'of an image: 1GiB', {parse: size}),
    ],
    examples: ['export my/rescue -o rescue.tar', 'export my/rescue --as dir -o /mnt/target'],
  },
  {name: 'files <target>', summary: 'List the files of a target'},
  {
    name: 'owner <path>',
    summary: 'Which target has a file',
    options: [option('--in <target>', 'only there and in what it needs')],
  },
  {name: 'run <target> <command...>', summary: 'Run a command of a built target in the sandbox'},
  {
    name: 'shell <targets...>',
    summary: 'A shell in the build environment of a target',
    options: [
      option('--failed', 'in the folder where the last build failed'),
      option('--root', 'in a root of these targets and what they need to run'),
      option('-c, --command <text>', 'run this instead of an interactive shell'),
      offline,
    ],
    examples: ['shell examples/hello', 'shell --failed tour/zlib'],
  },
  {
    name: 'boot <target>',
    summary: 'Start a root in a virtual machine, its console here',
    options: BOOT_OPTIONS,
    examples: ['boot lfs/rescue', 'boot lfs/rescue --expect tests/login.yaml'],
  },
  {
    name: 'doctor',
    summary: 'Check what this machine can do',
    options: [option('--for <target>', 'also the tools that its builds ask for')],
    examples: ['doctor --for tour/zlib', 'doctor --for tour'],
  },
  {name: 'init [folder]', summary: 'Start a project'},
  {
    name: 'new <label>',
    summary: 'Write a new recipe',
    options: [
      option('--url <url>', 'where its source is'),
      option('--kind <kind>', 'its build system', {usual: 'autotools'}),
    ],
  },
  {
    name: 'config show',
    summary: 'Show the configuration',
    options: [option('--origin', 'with where each value is from')],
  },
  {
    name: 'source pin <url>',
    summary: 'Fetch a source and print its sha256',
    options: [option('--write <label>', 'write it into this recipe')],
  },
  {name: 'source prefer <target> <n>', summary: 'Use the N-th place of the sources from now on'},
  {
    name: 'schema print [name]',
    summary: 'Print a schema: recipe, kind, config, generated, dialogue, events',
  },
  {
    name: 'store verify',
    summary: 'Look whether everything in the store is what it should be',
    options: [
      option('--full', 'read every byte'),
      option('--repair', 'restore what is damaged: from copies, sources, or by building'),
      option('--from <store>', 'take what is whole there'),
      option('--yes', 'do not ask'),
    ],
    examples: ['store verify --full', 'store verify --repair --from /mnt/backup/.recipes'],
  },
  {name: 'store reindex', summary: 'Make everything but content anew from content'},
  {
    name: 'store export <targets...>',
    summary: 'Write artifacts and all they need to run into one tar',
    options: [
      option('-o, --output <file>', 'where to; - is standard output', {required: true}),
      option('--with-build', 'and all they were built with: where that is, nothing is stale'),
    ],
    examples: ['store export examples/hello -o hello.tar'],
  },
  {name: 'store import <file>', summary: 'Take artifacts from such a tar; - is standard input'},
  {
    name: 'store gc',
    summary: 'Remove what nothing needs any more',
    options: [
      option('--dry-run', 'only list what would go'),
      option('--older-than <time>', 'only what nobody has touched for so long (14d)'),
      option('--max-size <size>', 'only so much, oldest first, that so much is left (20G)'),
      option('--grace <time>', 'keep what is younger; default 1h'),
      noWait,
    ],
    examples: ['store gc --dry-run', 'store gc --older-than 14d', 'store gc --max-size 20G'],
  },
  {name: 'store size [targets...]', summary: 'What artifacts and the store take on the disk'},
  {name: 'store roots', summary: 'List what gc keeps: projects, pins, generations'},
  {
    name: 'store pin <target>',
    summary: 'Keep an artifact and what it needs to run',
    options: [option('--as <name>', 'the name of the pin; default the name of the target')],
  },
  {name: 'store unpin <name>', summary: 'Keep it no longer'},
  {
    name: 'root switch <name> <target>',
    summary: 'Build a target and make its files the current generation of a profile',
    options: [
      option('--at <folder>', 'where the profile is to be; default roots/NAME'),
      option('--with-run', 'with all it needs to run'),
      option('--copy', 'copies instead of hard links'),
      option('--stage', 'only make the generation; root activate makes it current'),
      option('--keep <k>', 'and remove all but the newest ones', {parse: count}),
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
    name: 'root activate <name> [n]',
    summary: 'Make a staged generation the current one',
    options: [noWait],
  },
  {
    name: 'root boot <name> [n]',
    summary: 'Start a generation of a system, with the /etc and /var it has',
    options: BOOT_OPTIONS,
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
    options: [option('--off', 'take the pin away'), noWait],
  },
  {
    name: 'root remove <name> [n...]',
    summary: 'Remove generations; gc frees what nothing else needs',
    options: [option('--keep <k>', 'all but the newest ones', {parse: count}), noWait],
    examples: ['root remove tools 1 2', 'root remove tools --keep 3'],
  },
  {name: 'root list', summary: 'List the profiles of the store'},
  {name: 'completion <shell>', summary: 'Print the completion script for bash, zsh or fish'},
];
