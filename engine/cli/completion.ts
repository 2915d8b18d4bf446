/**
 * Shell completion: the script for a shell, and the words that fit a line begun.
 * The scripts are tabtab's; they call `recipes completion-server`.
 */
import path from 'node:path';
import type {Command, Option} from 'commander';
import {fail} from '../base/diagnostic.ts';
import type {Host} from '../base/host.ts';
import {ok} from '../base/result.ts';
import {linkProject} from '../graph/link.ts';
import {loadProject} from '../load/project.ts';
import {makeProgram} from './commands.ts';
import {SHIPPED} from './shipped.ts';
import type {Answer, World} from './world.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** What a line asks for so far. */
interface Line {
  /** Words before the one being written, without the program itself. */
  readonly before: readonly string[];
  readonly last: string;
}

export async function completion(world: World): Answer {
  const [word = ''] = world.call.words;
  const shell = SHELLS.find((one) => one === word);
  if (shell === undefined) {
    return fail('usage/wrong', `there is no completion for '${word}'`, {
      hint: `one of ${SHELLS.join(', ')}`,
    });
  }
  const tabtab = await import('@pnpm/tabtab');
  world.print(
    await tabtab.default.getCompletionScript({name: 'recipes', completer: 'recipes', shell}),
  );
  return ok(0);
}

/** Answers a completion script: one word that fits a line of standard output each. */
export async function complete(host: Host): Promise<void> {
  const tabtab = await import('@pnpm/tabtab');
  const env = tabtab.default.parseEnv({...host.env});
  if (!env.complete) return;
  const before = env.partial.split(/\s+/).slice(1, -1);
  const words = wordsFor(host, {before, last: env.lastPartial});
  const shell = tabtab.default.getShellFromEnv({...host.env});
  const fitting = words.filter((word) => word.startsWith(env.lastPartial));
  tabtab.default.log(fitting, shell, (line: string) => {
    host.stdout.write(`${line}\n`);
  });
}

/** Values of an option that has choices, options after a dash, commands, labels and sets. */
function wordsFor(host: Host, line: Line): readonly string[] {
  const program = makeProgram('', () => Promise.resolve());
  const {command, open, directory} = readWords(program, line.before);
  if (open !== undefined) return open.argChoices ?? [];
  if (line.last.startsWith('-')) return optionsOf(program, command);
  if (command === undefined) return program.commands.map((one) => one.name());
  if (command.commands.length > 0) return command.commands.map((one) => one.name());
  if (command.name() === 'completion') return SHELLS;
  const takesTargets = command.registeredArguments.some((one) => one.name().startsWith('target'));
  return takesTargets ? targets(host, directory) : [];
}

interface ReadWords {
  readonly command: Command | undefined;
  /** The option whose value comes next. */
  readonly open: Option | undefined;
  /** Where `-C` points. */
  readonly directory: string;
}

function readWords(program: Command, words: readonly string[]): ReadWords {
  let command: Command | undefined;
  let open: Option | undefined;
  let directory = '.';
  for (const word of words) {
    const current: Command = command ?? program;
    if (open !== undefined) {
      if (open.long === '--directory') directory = word;
      open = undefined;
    } else if (word.startsWith('-')) {
      open = current.options.find(
        ({short, long, required}) => required && [short, long].includes(word),
      );
    } else command = current.commands.find((one) => one.name() === word) ?? command;
  }
  return {command, open, directory};
}

function optionsOf(program: Command, command: Command | undefined): readonly string[] {
  const options = [...program.options, ...(command?.options ?? [])];
  return [...new Set(options.map((one) => one.long ?? one.short ?? ''))].filter(
    (one) => one !== '',
  );
}

/** No project, or a broken one: there is nothing to propose, and nobody to tell. */
function targets(host: Host, directory: string): readonly string[] {
  const cwd = path.resolve(host.cwd, directory);
  const loaded = loadProject({cwd, host, shipped: SHIPPED, flags: {options: {}}});
  if (!loaded.ok) return [];
  const graph = linkProject(loaded.value.project);
  if (!graph.ok) return [];
  const builds = [...graph.value.nodes.values()]
    .filter((node) => node.kind === 'build')
    .map((node) => node.label);
  return [...builds, ...[...graph.value.sets.keys()].map((name) => `@${name}`)];
}
