/**
 * `show`: one build or test as it stands: keys, state, needs, sources.
 */
import {ok} from '../base/result.ts';
import {layersOf} from '../graph/closure.ts';
import {fetchesOf, makePlan, needsOf} from '../run/plan.ts';
import {openWork, type OpenWork} from './open.ts';
import type {Answer, World} from './world.ts';
import type {Label} from '../base/label.ts';

/** `{label, recipeKey, key, tree, state, needs[], sources[]}`; absent is null. */
interface Shown {
  readonly label: Label;
  readonly recipeKey: string | null;
  readonly key: string | null;
  readonly tree: string | null;
  /** `fresh`, `run`, `maybe`, or `failed` when what is written failed the last time. */
  readonly state: string;
  readonly needs: readonly Label[];
  readonly layers: readonly Label[];
  readonly sources: readonly {readonly name: string; readonly digest: string | null}[];
}

export async function show(world: World): Answer {
  const opened = await openWork(world, world.call.words);
  if (!opened.ok) return opened;
  const plan = makePlan(opened.value.graph, opened.value.resolver, opened.value.wanted, new Set());
  for (const label of opened.value.targets) {
    const {verdict = 'run', key = null} = plan.nodes.get(label) ?? {};
    const shown = describe(opened.value, label, verdict, key);
    if (world.call.globals.json === true) world.print(JSON.stringify(shown));
    else printShown(world, shown);
  }
  return ok(0);
}

function describe(work: OpenWork, label: Label, verdict: string, key: string | null): Shown {
  const node = work.graph.nodes.get(label);
  if (node === undefined || node.kind === 'fetch') throw new TypeError(`${label} is no build`);
  const last = work.log.latest(label);
  const failed = verdict === 'run' && last?.outcome === 'failed' && last.key === key;
  const {base, layers} = layersOf(work.graph, label);
  return {
    label,
    recipeKey: work.resolver.recipeKeyOf(label),
    key,
    tree: work.resolver.treeOf(label) ?? null,
    state: failed ? 'failed' : verdict,
    needs: needsOf(node),
    layers: [...base, ...layers],
    sources: fetchesOf(work.graph, label).map((fetch) => {
      const content = work.resolver.contentOf(fetch.label);
      const digest =
        content === undefined ? null : content.type === 'file' ? content.blob : content.tree;
      return {name: fetch.source.placement.name, digest};
    }),
  };
}

function printShown(world: World, shown: Shown): void {
  const lines = [
    ['label', shown.label],
    ['state', shown.state],
    ['recipe key', shown.recipeKey ?? '-'],
    ['action key', shown.key ?? '- (an input is not built yet)'],
    ['tree', shown.tree ?? '-'],
    ['needs', shown.needs.join(' ') || '-'],
    ...shown.sources.map(({name, digest}) => ['source', `${name} ${digest ?? '(not chosen yet)'}`]),
  ];
  for (const [name = '', value = ''] of lines) world.print(`${name.padEnd(10)}  ${value}`);
}
