/**
 * `boot` and `root boot`: a root as a machine that runs, its console here. With --expect a dialogue
 * with the console decides whether it went well. The image is made for this once.
 */
import path from 'node:path';
import {fail, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import type {Label} from '../base/label.ts';
import {ended, minimalEnv, start, type ChildProcess, type Finished} from '../base/process.ts';
import {err, ok} from '../base/result.ts';
import {converse, type DialogueStep} from '../boot/dialogue.ts';
import {accelerationOf, machineWords, QEMU, type Machine} from '../boot/machine.ts';
import {orUnreadable, readDocument} from '../load/document.ts';
import {isSize, parseSize, parseTime} from '../load/measure.ts';
import type {Boot} from '../load/model.ts';
import {readBytes} from '../load/text.ts';
import {fileAt} from '../rootfs/lookup.ts';
import type {Workshop} from '../run/workshop.ts';
import {installHint} from '../sandbox/packages.ts';
import {absentPrograms} from '../sandbox/programs.ts';
import {blobPath} from '../../store/pool.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {guard} from '../../store/trouble.ts';
import {keepArtifacts, openFresh, rootOf, unite} from './artifacts.ts';
import {inWorkshop, makeImage, roomFor} from './image.ts';
import {textOption, type Answer, type World} from './world.ts';

/** A system that is to be started, all its files in the store. */
export interface Bootable {
  readonly label: Label;
  readonly entries: readonly TreeEntry[];
  readonly boot: Boot;
}

export async function bootTarget(world: World): Answer {
  const [word = ''] = world.call.words;
  const steps = readSteps(world);
  if (!steps.ok) return steps;
  const opened = await openFresh(world, [word]);
  if (!opened.ok) return opened;
  const work = opened.value;
  const [label] = work.targets;
  if (label === undefined || work.targets.length > 1) {
    return fail('usage/wrong', `${word} is not one root`, {hint: 'name one target'});
  }
  const boot = rootOf(work.graph, label)?.boot;
  if (boot === undefined) return noBoot(label);
  const entries = unite(work, [label]);
  if (!entries.ok) return entries;
  return inWorkshop(world, work.store, (workshop) => {
    const kept = keepArtifacts(world, work, workshop.run, [label]);
    if (!kept.ok) return Promise.resolve(kept);
    return runMachine(world, workshop, {label, entries: entries.value, boot}, steps.value);
  });
}

export function noBoot(label: Label): Checked<never> {
  return fail('boot/no-kernel', `${label} does not say how it is started`);
}

/** The machine of a system, from its start to its end. */
export async function runMachine(
  world: World,
  workshop: Workshop,
  {label, entries, boot}: Bootable,
  steps: readonly DialogueStep[] | undefined,
): Answer {
  const found = fileAt(entries, boot.kernel);
  if (found === undefined) {
    return fail('boot/no-kernel', `${label} has no file ${boot.kernel}`);
  }
  if (absentPrograms([QEMU]).length > 0) {
    const hint = installHint([QEMU]);
    return fail('machine/missing-tool', `${QEMU} is not here`, {hint});
  }
  const {store} = workshop;
  const kernel = guard(store.root, () => blobPath(store, found.digest, found.mode, found.size));
  if (!kernel.ok) return kernel;
  const image = await makeImage(workshop, entries, roomFor(entries));
  if (!image.ok) return image;
  const memory = textOption(world, 'memory');
  const machine: Machine = {
    ...{kernel: kernel.value, image: image.value.file, root: '/dev/vda', init: boot.init},
    command: [boot.command, textOption(world, 'append') ?? ''].join(' ').trim(),
    memory: memory === undefined || !isSize(memory) ? boot.memory : parseSize(memory),
    acceleration: accelerationOf(textOption(world, 'accel') ?? '') ?? 'auto',
    interactive: steps === undefined,
  };
  return steps === undefined ? attend(world, machine) : talk(world, machine, steps);
}

/** The user's terminal is the console. */
async function attend(world: World, machine: Machine): Answer {
  world.tell('Ctrl-A X ends the machine');
  const env = {...minimalEnv(), TERM: world.host.env['TERM'] ?? 'linux'};
  const child = start(machineWords(machine), {stdio: 'inherit', env});
  world.onInterrupt((signal) => {
    // A Ctrl-C is for the system inside.
    if (signal === 'SIGINT') return 'ignored';
    child.kill('SIGKILL');
    return 'taken';
  });
  const finished = await ended(child);
  return finished.status === 0 ? ok(0) : stopped(finished);
}

async function talk(world: World, machine: Machine, steps: readonly DialogueStep[]): Answer {
  const child = start(machineWords(machine), {stdio: ['pipe', 'pipe', 'pipe'], detached: true});
  const machineIs = {unwanted: false};
  world.onInterrupt(() => {
    machineIs.unwanted = true;
    child.kill('SIGKILL');
    return 'taken';
  });
  const end = ended(child);
  const shown = consoleOf(world, child);
  const done = await converse(shown, steps);
  // Who has closed its console is about to say how it ended.
  const isOver = shown.isClosed();
  // What it shows from now on nobody reads, and unread it would never end.
  if (!isOver) child.stdout?.destroy();
  const grace = setTimeout(() => child.kill('SIGKILL'), isOver ? GRACE : 0);
  const finished = await end;
  clearTimeout(grace);
  if (machineIs.unwanted) return ok(0);
  const {status, signal} = finished;
  const isOurs = signal === 'SIGKILL';
  if (status !== 0 && !isOurs) return stopped(finished, done.ok ? [] : done.error);
  if (done.ok) world.tell(`${steps.length} of ${steps.length} steps happened`);
  return done.ok ? ok(0) : done;
}

/** Milliseconds. */
const GRACE = 5000;

type Console = Parameters<typeof converse>[0] & {readonly isClosed: () => boolean};

/** What it shows is shown here too. */
function consoleOf(world: World, child: ChildProcess): Console {
  let closed = false;
  child.stdin?.on('error', () => undefined);
  async function* output(): AsyncGenerator<string> {
    for await (const piece of (child.stdout ?? []) as AsyncIterable<Buffer>) {
      world.host.stdout.write(piece.toString('latin1'));
      yield piece.toString('latin1');
    }
    closed = true;
  }
  return {output: output(), write: (text) => child.stdin?.write(text), isClosed: () => closed};
}

/** `missed`: what was not seen for that. */
function stopped(
  {status, signal, stderr}: Finished,
  missed: readonly Diagnostic[] = [],
): Checked<never> {
  const said = stderr.trim();
  const steps = missed.flatMap(({message, notes = []}) => [{message}, ...notes]);
  const notes = [...(said === '' ? [] : [{message: said}]), ...steps];
  return fail('boot/machine', `${QEMU} ended with ${status ?? signal ?? 'nothing'}`, {notes});
}

// --- the dialogue ----------------------------------------------------------------------------------

/** Undefined without --expect. */
export function readSteps(world: World): Checked<readonly DialogueStep[] | undefined> {
  const name = textOption(world, 'expect');
  if (name === undefined) return ok(undefined);
  const {document, problems} = orUnreadable(name, () =>
    readDocument('dialogue', name, readBytes(path.resolve(world.cwd, name))),
  );
  if (problems.length > 0) return err(problems);
  const {timeout = '1min', steps = []} = document?.data ?? {};
  const read: DialogueStep[] = [];
  for (const step of steps) {
    const pattern = step.match === undefined ? ok(undefined) : compiled(step.match);
    if (!pattern.ok) return pattern;
    const milliseconds = parseTime(step.timeout ?? timeout);
    read.push({expect: step.expect ?? pattern.value, send: step.send, milliseconds});
  }
  return ok(read);
}

function compiled(text: string): Checked<RegExp> {
  try {
    return ok(new RegExp(text, 'm'));
  } catch {
    return fail('usage/wrong', `${text} is no regular expression`);
  }
}
