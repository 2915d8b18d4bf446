/**
 * Writes down how a build or test ended: the record first, then the row that points to it.
 * Failures of the machine are never written down. Knows nothing of how things run.
 */
import {readText} from '../base/files.ts';
import type {BuildNode, TestNode} from '../graph/model.ts';
import type {IdMode, JobResult} from '../sandbox/protocol.ts';
import {
  writeRecord,
  type ActionRecord,
  type Provenance,
  type UsedSource,
} from '../../store/records.ts';
import type {RunContext} from './context.ts';
import type {SourceContent} from './job-spec.ts';
import type {Resolution} from './resolve.ts';
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

/**
 * Records the end. A test whose only failures are known counts as passed. Gives the outcome;
 * `machine` where nothing was written. Throws system errors.
 */
export function record(context: RunContext, ran: Ran): 'ok' | 'failed' | 'machine' {
  const {result, node} = ran;
  if (result.outcome === 'failed' && result.machine) return 'machine';
  const report = node.kind === 'test' ? readTestLog(readText(ran.logFile)) : undefined;
  const outcome = outcomeOf(ran, report);
  const made = recordOf(context, ran, outcome, report);
  writeRecord(context.store, made);
  context.log.append({
    label: made.label,
    key: made.key,
    recipeKey: made.recipeKey,
    outcome,
    tree: made.tree,
    milliseconds: result.usage.milliseconds,
    at: made.finishedAt,
    log: ran.log,
  });
  return outcome;
}

function outcomeOf({result, build}: Ran, report: TestReport | undefined): 'ok' | 'failed' {
  if (result.outcome === 'ok') return 'ok';
  const known = build.build.test?.known ?? [];
  const excused =
    report !== undefined && result.exit !== undefined && onlyKnownFailed(report, known);
  return excused ? 'ok' : 'failed';
}

function recordOf(
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

function digestOf(content: SourceContent): UsedSource['digest'] {
  return content.type === 'file' ? content.blob : content.tree;
}

function failureOf(
  result: Extract<JobResult, {outcome: 'failed'}>,
): NonNullable<ActionRecord['failure']> {
  const {step, exit, signal, cwd, diagnostics, kept} = result;
  return {step, exit, signal, cwd, diagnostics, kept};
}
