/**
 * Runs steps in a sandbox: writes what the step shell reads, starts it, and reads what it
 * reported. The same for building and for unpacking. Knows nothing of layers and capture.
 */
import * as files from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {run} from '../base/process.ts';
import {timed, type Group, type Watch} from '../base/span.ts';
import {startGuest, type Guest, type GuestEnd} from './guest.ts';
import {openOutput} from './output.ts';
import {failureOf, type StepFailure} from './outcome.ts';
import {INSIDE, PAUSE, type Scratch} from './places.ts';
import {outOfMemoryKills} from './processes.ts';
import {sandboxCommand, type View} from './spec.ts';
import {stampSpans} from './stamps.ts';
import {writeText} from './staging.ts';
import {readReport, readSteps} from './status.ts';
import {driverText, stepFile, stepName, variablesText, type StepText} from './steps.ts';
import type {Variables} from './steps.ts';

export interface ShellPlan {
  readonly view: Omit<View, 'command' | 'terminal' | 'cwd'>;
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
  /** Descriptors 3 and 4. */
  readonly makeFds: readonly [number, number];
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
  const {scratch} = plan.view;
  const {watch} = plan;
  await timed(watch, 'prepare', 'write the steps', () => writeControl(scratch, plan));
  const kills = outOfMemoryKills();
  const since = host.tick();
  const nothing = files.openRead('/dev/null');
  const output = timed(watch, 'prepare', 'open the log', () =>
    openOutput(scratch.output, plan.logFd),
  );
  try {
    const begun = host.clock();
    const guest = startGuest(guestPlan(plan, nothing, output.fd));
    output.letGo();
    plan.onStart(guest);
    const end = await guest.ended;
    if (watch.on) noteSteps(plan, begun, host.clock());
    await timed(watch, 'clean', 'wait for the log', () => output.written);
    const report = readReport(scratch.status);
    const failure = failureOf({
      ...{end, report, allowed: plan.allowed, environment: plan.view.environment},
      logLimit: plan.logLimit,
      ...{lastLine: lastLine(plan.logFd), memoryKills: outOfMemoryKills() - kills},
    });
    return {failure, milliseconds: host.tick() - since, ...usage(end, report.cpuMilliseconds)};
  } finally {
    files.closeFile(nothing);
  }
}

/** The sandbox as a span, and in it what its shell has said of its steps. */
function noteSteps({watch, view, group}: ShellPlan, since: number, until: number): void {
  watch.add({name: 'sandbox', group: 'prepare', since, until});
  for (const span of stampSpans(view.scratch.status, group, {since, until})) watch.add(span);
}

function usage(
  end: GuestEnd,
  reported: number | undefined,
): {cpuMilliseconds: number; peakBytes: number} {
  const {cpuMilliseconds, peakBytes} = end;
  return {cpuMilliseconds: reported ?? cpuMilliseconds, peakBytes};
}

/** The files of /run/recipes; those of an earlier run in the same scratch folder go. */
export async function writeControl(
  scratch: Scratch,
  plan: Pick<ShellPlan, 'steps' | 'shell' | 'variables' | 'jobs' | 'top' | 'watch'>,
): Promise<void> {
  files.removeTree(scratch.control);
  files.makeDir(scratch.control, 0o755);
  files.makeDir(`${scratch.control}/status`, 0o755);
  files.makeDir(`${scratch.control}/steps`, 0o755);
  plan.steps.forEach(({name, text}, index) => {
    writeText(`${scratch.control}/steps/${stepFile(index, name)}`, `${text}\n`);
  });
  writeText(`${scratch.control}/variables`, variablesText(plan.variables, plan.jobs));
  writeText(
    `${scratch.control}/driver`,
    driverText(plan.steps, plan.shell, plan.top, plan.watch.on),
  );
  await renewStatus(scratch);
}

/** What an earlier shell has said goes; for the first one it is as `openJob` made it. */
async function renewStatus({status}: Scratch): Promise<void> {
  if (files.namesIn(status).join() === PAUSE) return;
  files.removeTree(status);
  files.makeDir(status, 0o755);
  await run(['mkfifo', '-m', '600', `${status}/${PAUSE}`]);
}

function guestPlan(
  plan: ShellPlan,
  nothing: number,
  output: number,
): Parameters<typeof startGuest>[0] {
  const {view, logFd, makeFds, milliseconds} = plan;
  const command = [plan.bash, '--noprofile', '--norc', `${INSIDE.control}/driver`];
  let seen = 0;
  return {
    argv: sandboxCommand({...view, command, cwd: INSIDE.build, terminal: false}),
    fds: [nothing, output, output, ...makeFds],
    milliseconds,
    log: {fd: logFd, limit: plan.logLimit},
    onTick: () => {
      const steps = readSteps(view.scratch.status);
      for (const step of steps.slice(seen)) plan.onStep(stepName(step.file));
      seen = Math.max(seen, steps.length);
      plan.onTick();
    },
  };
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
