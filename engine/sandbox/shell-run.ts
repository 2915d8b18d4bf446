/**
 * Runs steps in a sandbox: writes what the step shell reads, starts it, and reads what it
 * reported. The same for building and for unpacking. Knows nothing of layers and capture.
 */
import * as files from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {timed, type Group, type Watch} from '../base/span.ts';
import {beginThrough, startGuest, type Guest, type GuestEnd} from './guest.ts';
import {openOutput, type Output} from './output.ts';
import {endedWell, failureOf, type StepFailure} from './outcome.ts';
import {INSIDE} from './places.ts';
import {outOfMemoryKills, recentKills} from './processes.ts';
import {renewSlot, tellSlot, type Slot} from './slots.ts';
import {OWN_NETWORK, sandboxCommand, type View} from './spec.ts';
import {stampSpans} from './stamps.ts';
import {networkWord, type Starters} from './starters.ts';
import {readReport, readSteps, type ShellReport} from './status.ts';
import {driverText, quote, stepFile, stepName, variablesText, type StepText} from './steps.ts';
import type {Variables} from './steps.ts';

export interface ShellPlan {
  readonly view: Omit<View, 'command' | 'terminal' | 'cwd'>;
  readonly slot: Slot;
  readonly bash: string;
  readonly steps: readonly StepText[];
  readonly shell: readonly string[];
  readonly variables: Variables;
  readonly jobs: number;
  readonly top: string;
  /** What is left of the allowed time, and what that was. */
  readonly milliseconds: number;
  readonly allowed: number;
  readonly logFd: number;
  readonly logLimit: number;
  readonly starters: Starters;
  readonly watch: Watch;
  /** What the time of its steps is spent on. */
  readonly group: Group;
  onStep(step: string): void;
  onTick(): void;
  /** Called with the running sandbox, so that it can be killed. */
  onStart(guest: Guest): void;
}

export interface ShellEnd {
  readonly failure: StepFailure | undefined;
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
}

export async function runShell(host: Host, plan: ShellPlan): Promise<ShellEnd> {
  const {slot, watch} = plan;
  timed(watch, 'prepare', 'write the steps', () => writeControl(slot, plan));
  const kills = recentKills(host.tick());
  const since = host.tick();
  const output = openOutput(slot.output, plan.logFd);
  const begun = host.clock();
  const guest = startGuest(guestPlan(plan, output));
  plan.onStart(guest);
  const end = await guest.ended;
  output.letGo();
  if (watch.on) noteSteps(plan, begun, host.clock());
  await timed(watch, 'clean', 'wait for the log', () => output.written);
  const report = readReport(slot.status);
  const failure = endedWell(end, report) ? undefined : failureIn(plan, end, report, kills);
  return {failure, milliseconds: host.tick() - since, ...usage(end, report.cpuMilliseconds)};
}

function failureIn(
  {allowed, logLimit, logFd, view}: ShellPlan,
  end: GuestEnd,
  report: ShellReport,
  kills: number,
): StepFailure {
  const {environment} = view;
  const memoryKills = outOfMemoryKills() - kills;
  return failureOf({
    ...{end, report, allowed, logLimit, environment, memoryKills, lastLine: lastLine(logFd)},
  });
}

/** The sandbox as a span, and in it what its shell has said of its steps. */
function noteSteps({watch, view, group}: ShellPlan, since: number, until: number): void {
  watch.add({name: 'sandbox', group: 'prepare', since, until});
  for (const span of stampSpans(view.slot.status, group, {since, until})) watch.add(span);
}

function usage(
  end: GuestEnd,
  reported: number | undefined,
): {cpuMilliseconds: number; peakBytes: number} {
  const {cpuMilliseconds, peakBytes} = end;
  return {cpuMilliseconds: reported ?? cpuMilliseconds, peakBytes};
}

/** The files of /run/recipes; those of an earlier shell go. */
export function writeControl(
  slot: Slot,
  plan: Pick<ShellPlan, 'steps' | 'shell' | 'variables' | 'jobs' | 'top' | 'watch'>,
): void {
  const {control} = slot;
  renewSlot(slot);
  plan.steps.forEach(({name, text}, index) => {
    tellSlot(slot, `${control}/steps/${stepFile(index, name)}`, `${text}\n`);
  });
  tellSlot(slot, `${control}/variables`, variablesText(plan.variables, plan.jobs));
  const driver = driverText(plan.steps, plan.shell, plan.top, plan.watch.on);
  tellSlot(slot, `${control}/driver`, driver);
}

function guestPlan(plan: ShellPlan, output: Output): Parameters<typeof startGuest>[0] {
  const {view, logFd, milliseconds} = plan;
  const begin = beginThrough(plan.starters, startLine(plan));
  let seen = 0;
  return {
    begin: (take) =>
      begin((line) => {
        // It speaks, so it has opened the fifo.
        output.letGo();
        take(line);
      }),
    milliseconds,
    log: {fd: logFd, limit: plan.logLimit},
    onTick: () => {
      output.flush();
      const steps = readSteps(view.slot.status);
      for (const step of steps.slice(seen)) plan.onStep(stepName(step.file));
      seen = Math.max(seen, steps.length);
      plan.onTick();
    },
  };
}

/** Writes the command down, since it may be long and have lines; the line that runs it. */
function startLine({view, slot, bash}: ShellPlan): string {
  const command = [bash, '--noprofile', '--norc', `${INSIDE.control}/driver`];
  const argv = sandboxCommand({...view, command, cwd: INSIDE.build, terminal: false});
  const [tokens, output] = [quote(slot.tokens), quote(slot.output)];
  const redirections = `</dev/null >${output} 2>&1 3<>${tokens} 4<>${tokens}`;
  const words = argv.map(quote);
  words[argv.indexOf(OWN_NETWORK)] = networkWord(OWN_NETWORK);
  tellSlot(slot, slot.start, `${words.join(' ')} ${redirections}\n`);
  return `. ${quote(slot.start)}`;
}

/** The last line of a log that says something. */
function lastLine(logFd: number): string {
  const lines = logTail(logFd).split('\n');
  return lines.map((line) => line.trim()).findLast((line) => line !== '') ?? '';
}

/** The last few kilobytes of a log. */
export function logTail(logFd: number): string {
  const size = files.sizeOf(logFd);
  const buffer = Buffer.alloc(Math.min(size, 4000));
  files.readInto(logFd, buffer, Math.max(0, size - buffer.length));
  return buffer.toString('utf8');
}
