/**
 * What `build -n` prints: the plan for people, or as the one record of design §4.
 */
import type {Label} from '../base/label.ts';
import {criticalPath} from '../graph/order.ts';
import {UNKNOWN_MILLISECONDS} from '../run/history.ts';
import {needsOf, type Plan, type PlannedNode} from '../run/plan.ts';
import {missingTools} from '../run/tools.ts';
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
      seconds: secondsOf(work, node),
      downloadBytes: downloadOf(work, node),
      diskBytes: diskOf(work, node),
    })),
    criticalPath: pathOf(work, plan),
    missingTools: missing.map((one) => one.message),
  };
}

/** One line a node that is not fresh, then the counts. */
export function planText(work: OpenWork, plan: Plan, explain: boolean): string {
  const nodes = [...plan.nodes.values()];
  const lines = nodes
    .filter((node) => node.verdict !== 'fresh' || explain)
    .map((node) => planLine(node, secondsOf(work, node)));
  const count = (verdict: string): number =>
    nodes.filter((node) => node.verdict === verdict).length;
  const counts = `${count('run')} to run, ${count('maybe')} maybe, ${count('fresh')} fresh`;
  const missing = missingTools(work.graph, work.knowledge, plan).map(
    (one) => `missing: ${one.message}`,
  );
  return [...lines, ...missing, counts].join('\n');
}

function planLine(node: PlannedNode, seconds: number | null): string {
  const reason = node.reason === null ? '' : `  ${node.reason}`;
  const time =
    seconds === null || node.verdict === 'fresh' ? '' : `  about ${seconds.toFixed(1)} s`;
  return `${node.verdict.padEnd(5)}  ${node.label}${reason}${time}`;
}

function secondsOf(work: OpenWork, node: PlannedNode): number | null {
  const milliseconds = work.log.latest(node.label, 'ok')?.milliseconds;
  return milliseconds === undefined ? null : milliseconds / 1000;
}

/** Known only where the recipe states the size of its source. */
function downloadOf(work: OpenWork, node: PlannedNode): number | null {
  const fetch = work.graph.nodes.get(node.label);
  if (fetch?.kind !== 'fetch') return 0;
  return fetch.source.type === 'remote' ? (fetch.source.size ?? null) : null;
}

/** What its last artifact took; an unchanged one takes nothing new. */
function diskOf(work: OpenWork, node: PlannedNode): number | null {
  if (node.verdict === 'fresh' || node.kind !== 'build') return 0;
  const tree = work.log.latest(node.label, 'ok')?.tree;
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
    work.log.latest(label, 'ok')?.milliseconds ?? UNKNOWN_MILLISECONDS;
  return criticalPath(labels, needs, weight).path;
}
