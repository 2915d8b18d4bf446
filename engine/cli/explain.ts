/**
 * `explain`: which fields of a target's key changed since it last ran, old and new.
 */
import {short, type ActionKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {countUnchanged, diffManifests, type Change} from '../graph/explain.ts';
import {explainLines} from '../graph/explain-text.ts';
import {recipeManifest} from '../graph/key.ts';
import {makePlan} from '../run/plan.ts';
import type {PlannedNode} from '../run/plan-nodes.ts';
import {readRecord} from '../../store/records.ts';
import {openWork, type OpenWork} from './open.ts';
import {isSet, type Answer, type World} from './world.ts';

export async function explain(world: World): Answer {
  const opened = await openWork(world, world.call.words);
  if (!opened.ok) return opened;
  const work = opened.value;
  const plan = makePlan(work.graph, work.resolver, work.wanted, new Set());
  for (const label of work.targets) {
    const planned = plan.nodes.get(label);
    if (planned !== undefined) explainOne(world, work, planned);
  }
  return ok(0);
}

function explainOne(world: World, work: OpenWork, planned: PlannedNode): void {
  const {label, verdict} = planned;
  const last = work.log.latest(label);
  const old = last === undefined ? undefined : manifestOf(work, last.key);
  const now = manifestNow(work, label);
  const changes = old === undefined ? [] : comparable(diffManifests(old, now.lines), now.complete);
  const unchanged = old === undefined ? 0 : countUnchanged(old, now.lines);
  if (world.call.globals.json === true) {
    world.print(JSON.stringify({label, verdict, reason: planned.reason, changes, unchanged}));
    return;
  }
  world.print(headline(planned, last?.key));
  for (const line of explainLines(changes)) world.print(`  ${line}`);
  if (isSet(world, 'all')) for (const line of now.lines) world.print(`  = ${line}`);
  else if (old !== undefined) world.print(`  unchanged: ${unchanged} fields (--all shows them)`);
}

function manifestOf(work: OpenWork, key: ActionKey): readonly string[] | undefined {
  const record = readRecord(work.store, key);
  return record.ok ? record.value?.manifest : undefined;
}

function headline(planned: PlannedNode, lastKey: string | undefined): string {
  const {label, verdict, key, reason} = planned;
  if (verdict === 'fresh') return `${label} is fresh: ${short(key ?? '')}`;
  const keys =
    lastKey === undefined || key === null || key === lastKey
      ? ''
      : `  ${short(lastKey)} → ${short(key)}`;
  const must = verdict === 'run' ? 'must run' : 'may have to run';
  return `${label} ${must}: ${reason ?? ''}${keys}`;
}

/** The action manifest where all inputs are known, else what is written. */
function manifestNow(work: OpenWork, label: Label): {lines: readonly string[]; complete: boolean} {
  const node = work.graph.nodes.get(label);
  if (node === undefined || node.kind === 'fetch') throw new TypeError(`${label} is no build`);
  const resolution = work.resolver.resolve(node);
  if (resolution.type === 'known') return {lines: resolution.manifest, complete: true};
  return {lines: recipeManifest(work.graph, label, work.knowledge.prints), complete: false};
}

/** With inputs unknown, the fields only a resolved node has tell nothing. */
function comparable(changes: readonly Change[], complete: boolean): readonly Change[] {
  if (complete) return changes;
  return changes.filter(
    ({field, kind}) => kind !== 'removed' && field !== 'recipe' && field !== 'action',
  );
}
