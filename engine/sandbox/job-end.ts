/**
 * What is left of a job: its capture, or after a failure what people want to look at.
 * Runs when all processes of the build are dead.
 */
import path from 'node:path';
import type {Checked, Diagnostic} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {globMatcher} from '../base/glob.ts';
import type {TreeDigest} from '../base/hash.ts';
import {ok} from '../base/result.ts';
import {timed} from '../base/span.ts';
import {fromText} from '../../store/bytes.ts';
import {capture} from './capture.ts';
import type {Job} from './job-state.ts';
import {tell} from './job-shells.ts';
import type {Lowers} from './lowers.ts';
import type {CaptureRules, JobSpec} from './protocol.ts';
import {runOfScratch} from './places.ts';
import {MOUNT_POINTS} from './staging.ts';
import {keepReport} from './status.ts';
import {removeAll} from './tidy.ts';
import type {BuildTree} from './tree-mount.ts';
import type {Skip} from './walk.ts';

export interface Collected {
  readonly problems: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  /** Stores it; the tree's digest, undefined for a job whose changes are not wanted. */
  publish(): Promise<TreeDigest | undefined>;
}

/** Compares what the build left with what it saw. */
export async function collect(
  job: Job,
  tree: BuildTree,
  lowers: Lowers,
): Promise<Checked<Collected>> {
  const {spec} = job.request;
  const rules = spec.capture;
  if (rules === undefined)
    return ok({problems: [], warnings: [], publish: () => Promise.resolve(undefined)});
  tell(job, 'capturing', '');
  const {watch} = job;
  const walked = await timed(watch, 'capture', 'walk', () =>
    tree.walk(skipFor(spec, rules), isPatient(job)),
  );
  const {folder, isUntouched, laidOut} = tree;
  const {host} = job.shop;
  const captured = await capture({
    ...{walked, folder, lowers, rules, label: spec.label, isUntouched, laidOut},
    tick: () => host.tick(),
    watch,
  });
  const {problems, warnings} = captured;
  return ok({
    problems,
    warnings,
    publish: () => job.shop.publications.add({run: runOfScratch(job.scratch.root).id, captured}),
  });
}

/** Where nothing runs, whoever waits for others waits for nobody. */
function isPatient({shop, request}: Job): boolean {
  return request.patient === true && shop.running.size > 0;
}

function skipFor(spec: JobSpec, rules: CaptureRules): Skip {
  const dropped = globMatcher(rules.drop.map(fromText));
  if (spec.environment === 'host') return dropped;
  const mounts = new Set(MOUNT_POINTS);
  return (at) => mounts.has(at) || dropped(at);
}

/** Moves what a failed build left to where `shell --failed` finds it; gives that place. */
export async function keepRemains(job: Job, tree: BuildTree, folder: string): Promise<string> {
  const {scratch, slot} = job;
  await removeAll(job.shop.starters, [folder]);
  files.makeDirs(folder, 0o755);
  files.rename(scratch.build, path.join(folder, 'build'));
  files.rename(tree.folder, path.join(folder, tree.copied ? 'merged' : 'upper'));
  keepReport(slot.status, path.join(folder, 'status'));
  return folder;
}
