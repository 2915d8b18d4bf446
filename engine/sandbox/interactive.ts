/**
 * A command or shell for people inside a sandbox, at the engine's own terminal.
 *
 * At a terminal, script(1) stands between: it gives the sandbox a terminal of its own, so that job
 * control works and nothing inside can type into the one recipes was started from (TIOCSTI works
 * on the controlling terminal only). Without a terminal, or without script, the sandbox is a
 * session of its own like any build.
 */
import {isatty} from 'node:tty';
import type {Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {err, ok} from '../base/result.ts';
import {NO_WATCH} from '../base/span.ts';
import {beginDirectly, startGuest} from './guest.ts';
import {closeJob, openJob, type Job} from './job-state.ts';
import {bashIn, placeSources, unpackShell, viewOf} from './job-shells.ts';
import type {Lowers} from './lowers.ts';
import {INSIDE, scratchPlaces, type Scratch} from './places.ts';
import {absentPrograms} from './programs.ts';
import type {BuildRequest, InteractiveSpec} from './protocol.ts';
import {runShell, writeControl} from './shell-run.ts';
import type {Shop} from './shop.ts';
import {limitWords, sandboxCommand} from './spec.ts';
import {tellSlot} from './slots.ts';
import {readLayers} from './staging.ts';
import {readReport} from './status.ts';
import {quote, rcText} from './steps.ts';
import {removeAll} from './tidy.ts';
import {openTree} from './tree-mount.ts';

/** Exit status of the command or shell. What it changes in a kept failed build stays there. */
export async function runInteractive(
  shop: Shop,
  id: number,
  wanted: InteractiveSpec,
): Promise<Checked<number>> {
  const job = await openJob(shop, asRequest(shop, id, wanted), placesFor(wanted), NO_WATCH);
  try {
    return await enter(job, wanted);
  } finally {
    closeJob(job);
    await removeAll(shop.starters, [job.scratch.root]);
  }
}

function asRequest(shop: Shop, id: number, {spec, scratch}: InteractiveSpec): BuildRequest {
  const jobs = shop.host.cores;
  const rest = {tokens: 0, jobs, keep: undefined, resume: undefined};
  return {type: 'build', id, spec, scratch, log: `${scratch}/log`, ...rest};
}

/** What a failed build left is used where it lies: it may be large, and must not get lost. */
function placesFor({scratch, resume}: InteractiveSpec): Scratch {
  const places = scratchPlaces(scratch);
  if (resume === undefined) return places;
  const kept = {...places, build: `${resume}/build`};
  const merged = `${resume}/merged`;
  return files.exists(merged) ? {...kept, merged} : {...kept, upper: `${resume}/upper`};
}

async function enter(job: Job, wanted: InteractiveSpec): Promise<Checked<number>> {
  const {store} = job.shop;
  const {spec} = wanted;
  const lowers = readLayers(store, spec);
  if (!lowers.ok) return lowers;
  const sources = placeSources(job, wanted.resume === undefined);
  if (!sources.ok) return sources;
  const copied = wanted.resume !== undefined && files.exists(`${wanted.resume}/merged`);
  const tree = copied
    ? undefined
    : await openTree(job.shop, job.scratch, spec, lowers.value, NO_WATCH);
  if (tree?.ok === false) return tree;
  try {
    const unpacked = wanted.resume === undefined ? await unpack(job, sources.value) : ok(undefined);
    return unpacked.ok ? await attend(job, wanted, sources.value, lowers.value) : unpacked;
  } finally {
    await tree?.value.close();
  }
}

async function unpack(job: Job, sources: Record<string, string>): Promise<Checked<undefined>> {
  const plan = unpackShell(job, sources);
  if (!plan.ok) return plan;
  if (plan.value === undefined) return ok(undefined);
  const {failure} = await runShell(job.shop.host, plan.value);
  return failure === undefined ? ok(undefined) : err(failure.diagnostics);
}

async function attend(
  job: Job,
  wanted: InteractiveSpec,
  sources: Record<string, string>,
  lowers: Lowers,
): Promise<Checked<number>> {
  const {spec} = wanted;
  const cwd = startFolder(job.scratch, wanted);
  writeControl(job.slot, {...spec, jobs: job.request.jobs, watch: NO_WATCH});
  tellSlot(job.slot, `${job.slot.control}/rc`, rcText(spec.label, spec.shell, cwd));
  const bash = spec.environment === 'host' ? '/bin/bash' : (bashIn(lowers) ?? '/bin/bash');
  const shell = [bash, '--noprofile', '--rcfile', `${INSIDE.control}/rc`, '-i'];
  const [name, ...rest] = wanted.command ?? shell;
  const command = [name === undefined || name === 'bash' ? bash : name, ...rest];
  const relay = isatty(0) && absentPrograms(['script']).length === 0;
  const words = sandboxCommand({
    ...viewOf(job, sources),
    environment: spec.environment,
    env: {...spec.env, TERM: job.shop.host.env['TERM'] ?? 'dumb'},
    command,
    // bwrap refuses a folder that is not there; the rc file goes to the others.
    cwd: cwd.startsWith(`${INSIDE.build}/`) ? cwd : INSIDE.build,
    terminal: relay,
  });
  const argv = [...limitWords(job.shop.shape), ...words];
  return ok(await atTerminal(relay ? relayed(argv) : argv));
}

function relayed(argv: readonly string[]): string[] {
  return ['script', '-q', '-e', '-c', argv.map(quote).join(' '), '/dev/null'];
}

async function atTerminal(argv: readonly string[]): Promise<number> {
  const nothing = files.openRead('/dev/null');
  try {
    const guest = startGuest({
      begin: beginDirectly(argv, [0, 1, 2, nothing, nothing]),
      milliseconds: Number.MAX_SAFE_INTEGER,
      log: undefined,
      onTick: () => undefined,
    });
    return (await guest.ended).status ?? 1;
  } finally {
    files.closeFile(nothing);
  }
}

/** Where the failed step stood, if that is still there; else where steps start. */
function startFolder(scratch: Scratch, {spec, resume}: InteractiveSpec): string {
  const top = spec.top === '' ? INSIDE.build : `${INSIDE.build}/${spec.top}`;
  const report = resume === undefined ? undefined : readReport(`${resume}/status`);
  const cwd = report?.cwd ?? report?.steps.at(-1)?.cwd ?? top;
  if (!cwd.startsWith(`${INSIDE.build}/`)) return cwd;
  const there = files.lookAt(scratch.build + cwd.slice(INSIDE.build.length));
  return there?.isDirectory() === true ? cwd : INSIDE.build;
}
