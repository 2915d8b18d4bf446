/**
 * Writes down how a build or test ended: the record first, then the row that points to it.
 * Failures of the machine are never written down. Knows nothing of how things run.
 */
import {Batcher} from '../base/batcher.ts';
import {readText} from '../base/files.ts';
import type {BuildNode, TestNode} from '../graph/model.ts';
import type {IdMode, JobResult} from '../sandbox/protocol.ts';
import {rowOf, type ActionLog} from '../../store/action-log.ts';
import type {Store} from '../../store/layout.ts';
import {
  writeRecords,
  type ActionRecord,
  type Provenance,
  type UsedSource,
} from '../../store/records.ts';
import type {RunContext} from './context.ts';
import type {Resolution} from './resolve.ts';
import {digestOf} from './source-content.ts';
import {onlyKnownFailed, readTestLog, type TestReport} from './test-report.ts';

/** A node that ran to an end. */
export interface Ran {
  readonly node: BuildNode | TestNode;
  readonly build: BuildNode;
  readonly known: Extract<Resolution, {type: 'known'}>;
  /** Name of the log, and where it is. */
  readonly log: string;
  readonly logFile: string;
  readonly result: JobResult;
  readonly idMode: IdMode;
}

/** How it ended for those who ask the store; `machine`: nothing is written down. */
export type Outcome = 'ok' | 'failed' | 'machine';

/** Records the end; rejects with system errors. */
export async function record(context: RunContext, ran: Ran): Promise<Outcome> {
  const made = recordOf(context, ran);
  if (made === undefined) return 'machine';
  await context.records.add(made);
  return made.outcome;
}

/** A test whose only failures are known counts as passed. Undefined for what the machine did. */
export function recordOf(context: RunContext, ran: Ran): ActionRecord | undefined {
  const {result, node} = ran;
  if (result.outcome === 'failed' && result.machine) return undefined;
  const report = node.kind === 'test' ? readTestLog(readText(ran.logFile)) : undefined;
  return withOutcome(context, ran, outcomeOf(ran, report), report);
}

/** Records that come at the same time are written together, and their rows after all of them. */
export function recordBatcher(store: Store, log: ActionLog): Batcher<ActionRecord, undefined> {
  return new Batcher(async (records) => {
    await writeRecords(store, records);
    await log.appendAllLater(records.map(rowOf));
    return records.map(() => undefined);
  });
}

function outcomeOf({result, build}: Ran, report: TestReport | undefined): 'ok' | 'failed' {
  if (result.outcome === 'ok') return 'ok';
  const known = build.build.test?.known ?? [];
  const excused =
    report !== undefined && result.exit !== undefined && onlyKnownFailed(report, known);
  return excused ? 'ok' : 'failed';
}

function withOutcome(
  context: RunContext,
  ran: Ran,
  outcome: 'ok' | 'failed',
  report: TestReport | undefined,
): ActionRecord {
  const {node, known, result} = ran;
  return {
    key: known.key,
    recipeKey: context.resolver.recipeKeyOf(node.label),
    label: node.label,
    kind: node.kind,
    outcome,
    tree: result.outcome === 'ok' ? result.tree : undefined,
    manifest: known.manifest,
    provenance: provenanceOf(context, ran),
    finishedAt: context.host.now(),
    ...(result.outcome === 'failed' && outcome === 'failed' ? {failure: failureOf(result)} : {}),
    ...(report === undefined ? {} : {counts: {...report.counts}}),
  };
}

function provenanceOf(context: RunContext, ran: Ran): Provenance {
  const {milliseconds, cpuMilliseconds, peakBytes} = ran.result.usage;
  return {
    sources: usedSources(ran),
    milliseconds,
    cpuMilliseconds,
    peakBytes,
    log: ran.log,
    engine: context.engine,
    idMode: ran.idMode,
    host: ran.build.build.in.type === 'host',
    copiedRoot: ran.result.outcome === 'ok' && ran.result.copiedRoot,
  };
}

function usedSources({build, known}: Ran): readonly UsedSource[] {
  return build.build.sources.flatMap((source, at) => {
    const content = known.inputs.sources[at];
    return content === undefined ? [] : [{name: source.placement.name, digest: digestOf(content)}];
  });
}

function failureOf(
  result: Extract<JobResult, {outcome: 'failed'}>,
): NonNullable<ActionRecord['failure']> {
  const {step, exit, signal, cwd, diagnostics, kept} = result;
  return {step, exit, signal, cwd, diagnostics, kept};
}
