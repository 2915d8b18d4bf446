/**
 * What the two sandboxes of a build are asked to do: unpacking with the machine's tools, and the
 * steps. From a job to plans; starts nothing.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {ok} from '../base/result.ts';
import type {Job} from './job-state.ts';
import {MAKEFLAGS} from './jobserver.ts';
import type {Lowers} from './lowers.ts';
import type {ShellPlan} from './shell-run.ts';
import {stageFiles, stageTrees, toolsFolder} from './staging.ts';
import {unpackSteps, unpackTools} from './unpack.ts';

const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Lays folder sources out (`fresh`) and finds the files that will lie beside them. */
export function placeSources(job: Job, fresh: boolean): Checked<Record<string, string>> {
  const {store} = job.shop;
  const {spec} = job.request;
  const trees = fresh ? stageTrees(store, job.scratch, spec) : ok(undefined);
  return trees.ok ? stageFiles(store, spec) : trees;
}

/** Undefined: there is nothing to unpack or patch. */
export function unpackShell(
  job: Job,
  sources: Record<string, string>,
): Checked<ShellPlan | undefined> {
  const {spec} = job.request;
  const steps = unpackSteps(spec.sources, spec.patches, spec.top);
  if (steps.length === 0) return ok(undefined);
  const missing = unpackTools(spec.sources, spec.patches).filter(
    (tool) => !TOOL_FOLDERS.some((folder) => files.exists(`${folder}/${tool}`)),
  );
  if (missing.length > 0) {
    const names = missing.join(', ');
    return fail('machine/missing-tool', `unpacking needs programs that are not here: ${names}`);
  }
  return ok({
    ...common(job),
    view: {...viewOf(job, sources), environment: 'tools', env: {}},
    bash: '/bin/bash',
    steps,
    shell: ['errexit', 'nounset', 'pipefail'],
    variables: {},
    top: '',
    group: 'unpack',
    onStep: (step) => tell(job, 'unpacking', step),
  });
}

export function buildShell(
  job: Job,
  sources: Record<string, string>,
  lowers: Lowers,
): Checked<ShellPlan> {
  const {spec} = job.request;
  const bash = spec.environment === 'host' ? '/bin/bash' : bashIn(lowers);
  if (bash === undefined) {
    return fail('sandbox/no-shell', `${spec.label} has no bash to run its steps`, {
      hint: 'add a need that holds usr/bin/bash',
    });
  }
  return ok({
    ...common(job),
    view: {
      ...viewOf(job, sources),
      environment: spec.environment,
      env: {MAKEFLAGS, ...spec.env},
    },
    bash,
    steps: spec.steps,
    shell: spec.shell,
    variables: spec.variables,
    top: spec.top,
    group: 'run',
    onStep: (step) => tell(job, 'running', step),
  });
}

/** In the layers: /bin is often a link to usr/bin, so that is looked at first. */
export function bashIn(lowers: Lowers): string | undefined {
  const places = ['usr/bin/bash', 'bin/bash'];
  const found = places.find((path) => lowers.at(path) !== undefined);
  return found === undefined ? undefined : `/${found}`;
}

type Common = Pick<
  ShellPlan,
  | 'jobs'
  | 'allowed'
  | 'logLimit'
  | 'milliseconds'
  | 'logFd'
  | 'slot'
  | 'starters'
  | 'watch'
  | 'onTick'
  | 'onStart'
>;

function common(job: Job): Common {
  const {request, shop} = job;
  const spent = shop.host.tick() - job.since;
  return {
    jobs: request.jobs,
    milliseconds: Math.max(1, request.spec.milliseconds - spent),
    allowed: request.spec.milliseconds,
    logLimit: shop.logLimit,
    logFd: job.logFd,
    slot: job.slot,
    starters: shop.starters,
    watch: job.watch,
    onTick: () => returnTokens(job),
    onStart: () => undefined,
  };
}

function returnTokens(job: Job): void {
  const count = job.server.collect();
  if (count > 0) job.shop.reply({type: 'tokens', id: job.request.id, count});
}

export function viewOf(
  job: Job,
  files: Record<string, string>,
): Pick<ShellPlan['view'], 'shape' | 'scratch' | 'files' | 'tools' | 'slot'> {
  const {shop, scratch, slot, request} = job;
  return {shape: shop.shape, scratch, slot, files, tools: toolsFolder(request.spec.tools)};
}

export function tell(job: Job, phase: 'unpacking' | 'running' | 'capturing', step: string): void {
  job.shop.reply({type: 'step', id: job.request.id, phase, step});
}
