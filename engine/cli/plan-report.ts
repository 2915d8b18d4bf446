/**
 * What `build -n` prints: the plan for people, or as the one record of design §4.
 */
import type {Label} from '../base/label.ts';
import {criticalPath} from '../graph/order.ts';
import {guessOf, type Forecast, type Guess} from '../run/forecast.ts';
import {estimate, UNKNOWN_MILLISECONDS} from '../run/history.ts';
import {needsOf} from '../run/plan.ts';
import type {Plan, PlannedNode} from '../run/plan-nodes.ts';
import {dependenciesIn} from '../run/tasks.ts';
import {missingTools} from '../run/tools.ts';
import {count as countOf, formatGuess, formatSize} from '../ui/text.ts';
import {readTree} from '../../store/trees.ts';
import type {OpenWork} from './open.ts';

/** `{ok, plan, criticalPath, missingTools}`; ok is false where a tool is missing. */
export function planRecord(work: OpenWork, plan: Plan): object {
  const missing = missingTools(work.graph, work.knowledge, plan);
  return {
    ok: missing.length === 0,
    plan: [...plan.nodes.values()].map((node) => ({
      label: node.label,
      kind: node.kind,
      verdict: node.verdict,
      recipeKey: node.recipeKey,
      key: node.key,
      reason: node.reason,
      ...timeOf(guessOf(forecastOf(work), node.label)),
      downloadBytes: downloadOf(work, node),
      diskBytes: diskOf(work, node),
    })),
    criticalPath: pathOf(work, plan),
    missingTools: missing.map((one) => one.message),
  };
}

/** One line a node that is not fresh, then the counts and what all of it will take. */
export function planText(work: OpenWork, plan: Plan, explain: boolean): string {
  const nodes = [...plan.nodes.values()];
  const lines = nodes
    .filter((node) => node.verdict !== 'fresh' || explain)
    .map((node) => planLine(node, guessOf(forecastOf(work), node.label)));
  const count = (verdict: string): number =>
    nodes.filter((node) => node.verdict === verdict).length;
  const counts = `${count('run')} to run, ${count('maybe')} maybe, ${count('fresh')} fresh`;
  const missing = missingTools(work.graph, work.knowledge, plan).map(
    (one) => `missing: ${one.message}`,
  );
  return [...lines, ...missing, counts, ...totals(work, plan)].join('\n');
}

function planLine(node: PlannedNode, guess: Guess | undefined): string {
  const reason = node.reason === null ? '' : `  ${node.reason}`;
  const time = guess === undefined || node.verdict === 'fresh' ? '' : `  ${guessText(guess)}`;
  return `${node.verdict.padEnd(5)}  ${node.label}${reason}${time}`;
}

/** What was measured here is told finer than what is scaled from a book. */
function guessText({milliseconds, basis}: Guess): string {
  if (basis === 'sbu') return `${formatGuess(milliseconds)} (by SBU)`;
  return `about ${(milliseconds / 1000).toFixed(1)} s`;
}

/** Time, downloads, disk and the longest path of what is not fresh, as far as they are known. */
function totals(work: OpenWork, plan: Plan): readonly string[] {
  const pending = [...plan.nodes.values()].filter((node) => node.verdict !== 'fresh');
  const sum = (of: (work: OpenWork, node: PlannedNode) => number | null): number =>
    pending.reduce((total, node) => total + (of(work, node) ?? 0), 0);
  const download = sum(downloadOf);
  const disk = sum(diskOf);
  const parts = [
    timeText(work, pending),
    download === 0 ? '' : `${formatSize(download)} to download`,
    disk === 0 ? '' : `${formatSize(disk)} of disk`,
  ].filter((part) => part !== '');
  const longest = pathOf(work, plan);
  return [
    ...(parts.length === 0 ? [] : [parts.join(', ')]),
    ...(longest.length < 2 ? [] : [`longest path: ${shortened(longest).join(' → ')}`]),
  ];
}

function timeText(work: OpenWork, pending: readonly PlannedNode[]): string {
  const {jobs, testsGate} = work.project.config;
  const order = pending.filter((node) => node.kind !== 'fetch').map((node) => node.label);
  const inside = new Set(order);
  const dependenciesOf = (label: Label): readonly Label[] =>
    dependenciesIn(work.graph, label, testsGate).filter((one) => inside.has(one));
  const forecast = forecastOf(work);
  const durations = (label: Label): number | undefined => guessOf(forecast, label)?.milliseconds;
  const time = estimate({order, dependenciesOf}, durations, jobs);
  return time === null || order.length === 0
    ? ''
    : `${formatGuess(time)} with ${countOf(jobs, 'job')}`;
}

/** Labels shown of a path at either end. */
const ENDS = 6;

function shortened(labels: readonly Label[]): readonly string[] {
  if (labels.length <= 2 * ENDS + 1) return labels;
  const left = labels.length - 2 * ENDS;
  return [...labels.slice(0, ENDS), `(${left} more)`, ...labels.slice(-ENDS)];
}

function forecastOf({graph, log, project}: OpenWork): Forecast {
  return {graph, log, unit: project.config.sbu};
}

function timeOf(guess: Guess | undefined): {seconds: number | null; secondsFrom: string | null} {
  return guess === undefined
    ? {seconds: null, secondsFrom: null}
    : {seconds: guess.milliseconds / 1000, secondsFrom: guess.basis};
}

/** Known only where the recipe states the size of its source. */
function downloadOf(work: OpenWork, node: PlannedNode): number | null {
  const fetch = work.graph.nodes.get(node.label);
  if (fetch?.kind !== 'fetch') return 0;
  return fetch.source.type === 'remote' ? (fetch.source.size ?? null) : null;
}

/** What the recipe says a build takes, else what its last artifact took; a fresh one: nothing. */
function diskOf(work: OpenWork, planned: PlannedNode): number | null {
  const node = work.graph.nodes.get(planned.label);
  if (planned.verdict === 'fresh' || node?.kind !== 'build') return 0;
  if (node.build.resources.diskBytes !== undefined) return node.build.resources.diskBytes;
  const tree = work.log.latest(planned.label, 'ok')?.tree;
  const entries = tree === undefined ? undefined : readTree(work.store, tree);
  if (entries?.ok !== true) return null;
  return entries.value.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
}

function pathOf(work: OpenWork, plan: Plan): readonly Label[] {
  const labels = [...plan.nodes.values()]
    .filter((node) => node.verdict !== 'fresh')
    .map((node) => node.label);
  const pending = new Set(labels);
  const needs = (label: Label): readonly Label[] => {
    const node = work.graph.nodes.get(label);
    return node === undefined ? [] : needsOf(node).filter((one) => pending.has(one));
  };
  const weight = (label: Label): number =>
    guessOf(forecastOf(work), label)?.milliseconds ?? UNKNOWN_MILLISECONDS;
  return criticalPath(labels, needs, weight).path;
}
