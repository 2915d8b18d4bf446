/**
 * From what is written to what it comes to: inputs, action key, and whether the store has it.
 * Learns trees and choices as nodes finish; starts nothing.
 */
import type {Checked} from '../base/diagnostic.ts';
import {
  blobDigest,
  isDigest,
  treeDigest,
  type ActionKey,
  type BlobDigest,
  type RecipeKey,
  type TreeDigest,
} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {Bug} from '../base/result.ts';
import type {Witness} from '../base/witness.ts';
import {layersOf} from '../graph/closure.ts';
import type {ResolvedInputs} from '../graph/describe.ts';
import {diffManifests} from '../graph/explain.ts';
import {actionKeyOf, actionManifest, recipeKeyOf} from '../graph/key.ts';
import type {BuildNode, FetchNode, TestNode} from '../graph/model.ts';
import {POLICY_VERSION} from '../sandbox/spec.ts';
import {digestsOf} from '../source/choose.ts';
import type {LogRow} from '../../store/action-log.ts';
import {hasBlob} from '../../store/pool.ts';
import {Presence} from '../../store/presence.ts';
import {hasRecord, readRecord, type ActionRecord} from '../../store/records.ts';
import {hasTree} from '../../store/trees.ts';
import {contentOfPrint, digestOf, type SourceContent} from './source-content.ts';
import type {Inputs} from './job-spec.ts';
import type {HostTools, Knowledge} from './knowledge.ts';
import type {Recollection, Row} from './recollection.ts';

export type Resolution =
  | {
      readonly type: 'known';
      readonly key: ActionKey;
      readonly manifest: readonly string[];
      readonly inputs: Inputs;
      /** For each source: what was used, as the record shows it. */
      readonly sources: readonly {readonly name: string; readonly digest: string}[];
    }
  /** Some inputs are not known yet: the nodes that will tell. */
  | {readonly type: 'open'; readonly on: readonly Label[]};

/** What would follow if something were so. */
export interface Supposition {
  /**
   * Whether all nodes at these places come to what they came to, and the store has that. Each depends on the one
   * supposed, on others of these, and on those that are `fresh`. False where each has to be asked by itself.
   */
  recallAll(places: readonly number[], fresh: readonly number[]): boolean;
  /** Whether it is so now, and nothing else has come to light; then the resolver knows all of it. */
  holds(): boolean;
}

const NO_TOOLS: HostTools = {tools: {}, fingerprint: {}, problems: []};

export class Resolver {
  readonly #known: Knowledge;
  readonly #trees = new Map<Label, TreeDigest>();
  readonly #keys = new Map<Label, ActionKey>();
  readonly #recipeKeys = new Map<Label, RecipeKey>();
  readonly #recollection: Recollection | undefined;
  #presence: Presence | undefined;

  constructor(knowledge: Knowledge) {
    this.#known = knowledge;
    this.#recollection = knowledge.recollection;
  }

  recipeKeyOf(label: Label): RecipeKey {
    const {graph, prints} = this.#known;
    const known = this.#recipeKeys.get(label) ?? recipeKeyOf(graph, label, prints);
    this.#recipeKeys.set(label, known);
    return known;
  }

  /** What a finished node came to. */
  learn(label: Label, key: ActionKey, tree: TreeDigest | undefined): void {
    this.#keys.set(label, key);
    if (tree !== undefined) this.#trees.set(label, tree);
    this.#recollection?.ended(label, key, tree);
  }

  /**
   * Whether a node comes to what it came to the last time, since all it is made from is as it was,
   * and the store has that; learns it then. False where somebody has to look closer.
   */
  recallDone(label: Label): boolean {
    return this.recallDoneAt(this.#known.graph.numberOf(label) ?? -1);
  }

  /** The same of the node at a place of the order. */
  recallDoneAt(at: number): boolean {
    const recollection = this.#recollection;
    if (recollection?.isRecalledAt(at) !== true || !this.#isThereAt(at)) return false;
    recollection.recalledAt(at);
    return true;
  }

  /**
   * What would follow if a node ended with this key and the tree it had; undefined where it would have to be
   * looked at.
   */
  suppose(label: Label, key: ActionKey): Supposition | undefined {
    const supposed = this.#recollection?.suppose(label, key);
    return (
      supposed && {
        recallAll: (places, fresh) => this.#recallAll(supposed, places, fresh),
        holds: () => this.#recollection?.takeOver(supposed) === true,
      }
    );
  }

  #recallAll(supposed: Recollection, places: readonly number[], fresh: readonly number[]): boolean {
    const areSame = supposed.areAllSame(places, fresh);
    if (!areSame || !places.every((at) => this.#isThereAt(at))) return false;
    supposed.recalledAll(places);
    return true;
  }

  /** The same as `isThere` of the node at a place: most lie in folders that are as they were. */
  #isThereAt(at: number): boolean {
    const presence = (this.#presence ??= this.lookAgain());
    if (this.#recollection?.liesIn(at, presence.same) === true) return true;
    const row = this.#recollection?.rowAt(at);
    return row !== undefined && this.isThere(row);
  }

  /** Whether the store still has what is remembered of a node. */
  isThere(row: Row): boolean {
    const presence = (this.#presence ??= this.lookAgain());
    const {key, tree} = row;
    return (
      presence.hasStill('records', key) && (tree === undefined || presence.hasStill('trees', tree))
    );
  }

  /** The folders of the store, as they were before anything in them was relied upon. */
  get folders(): Witness {
    return (this.#presence ??= this.lookAgain()).folders;
  }

  /** Looks at what the store has now. */
  lookAgain(): Presence {
    return (this.#presence = new Presence(this.#known.store, this.#recollection?.folders));
  }

  /** Takes local folders into the store once more, where it has lost them. */
  importAgain(): Checked<undefined> {
    return this.#known.importAgain();
  }

  /** How long a node took the last time, milliseconds, as far as that is remembered. */
  timeOf(label: Label): number | undefined {
    return this.timeAt(this.#known.graph.numberOf(label) ?? -1);
  }

  timeAt(at: number): number | undefined {
    return this.#recollection?.timeAt(at);
  }

  /** Whether the node at a place is as it was, but for what lies below it. */
  isSettledAt(at: number): boolean {
    return this.#recollection?.isSettledAt(at) === true;
  }

  /** What a node came to, where all but what lies below it is as it was then. */
  settledRowAt(at: number): Row | undefined {
    return this.isSettledAt(at) ? this.#recollection?.rowAt(at) : undefined;
  }

  /** Forgets what came to light, for a plan that is made anew. */
  forget(): void {
    this.#trees.clear();
    this.#keys.clear();
    this.#recollection?.forget();
  }

  treeOf(label: Label): TreeDigest | undefined {
    return this.#trees.get(label) ?? this.#recollection?.endOf(label)?.tree;
  }

  keyOf(label: Label): ActionKey | undefined {
    return this.#keys.get(label) ?? this.#recollection?.endOf(label)?.key;
  }

  resolve(node: BuildNode | TestNode): Resolution {
    const build = this.#buildOf(node);
    const {base, layers} = layersOf(this.#known.graph, node.label);
    const staged = [...base, ...layers].map((label) => ({label, tree: this.treeOf(label)}));
    const contents = build.fetches.map((label, at) => ({
      label,
      content: this.contentOf(label),
      at,
    }));
    const open = [
      ...staged.filter((one) => one.tree === undefined).map((one) => one.label),
      ...contents.filter((one) => one.content === undefined).map((one) => one.label),
      ...(node.kind === 'test' && this.keyOf(node.of) === undefined ? [node.of] : []),
    ];
    if (open.length > 0) return {type: 'open', on: open};
    return this.#describe(node, build, {
      layers: staged.map(({label, tree}) => ({owner: label, tree: required(tree)})),
      baseLayers: base.length,
      sources: contents.map((one) => required(one.content)),
      patches: build.build.patches.map((one) =>
        blobDigest(required(this.#known.prints.patches.get(one.file))),
      ),
      tools: this.#toolsOf(build).tools,
    });
  }

  /**
   * Whether the store has the good result of this key; learns it when it does. A row of the log
   * is written after the record and spares reading it; rows of other processes may be missing.
   * The record has to be there all the same: it is what keeps the tree from gc.
   */
  isDone(node: BuildNode | TestNode, key: ActionKey): boolean {
    if (!hasRecord(this.#known.store, key)) return false;
    const row = this.#known.log.byKey(key);
    const found = row?.outcome === 'ok' ? row : this.#recorded(key);
    if (found?.outcome !== 'ok') return false;
    const {tree} = found;
    if (node.kind === 'build' && (tree === undefined || !hasTree(this.#known.store, tree)))
      return false;
    this.learn(node.label, key, tree);
    return true;
  }

  #recorded(key: ActionKey): ActionRecord | undefined {
    const record = readRecord(this.#known.store, key);
    return record.ok ? record.value : undefined;
  }

  /** Whether anything was ever built well from what is written now. */
  wasBuilt(node: BuildNode | TestNode): boolean {
    const key = this.recipeKeyOf(node.label);
    return this.#known.log
      .history(node.label)
      .some((row) => row.recipeKey === key && row.outcome === 'ok');
  }

  /** Why a node must run, in a few words. */
  reason(node: BuildNode | TestNode, resolution: Resolution | undefined): string {
    const last = this.#latest(node.label);
    if (last === undefined) return 'never built';
    const same =
      resolution?.type === 'known'
        ? last.key === resolution.key
        : last.recipeKey === this.recipeKeyOf(node.label);
    if (last.outcome === 'failed' && same) return 'failed last time';
    const record = readRecord(this.#known.store, last.key);
    if (!record.ok || record.value === undefined) return 'its record is gone';
    if (resolution?.type !== 'known') return 'the recipe changed';
    const [first] = diffManifests(record.value.manifest, resolution.manifest);
    return first === undefined ? 'its output is gone from the store' : `${first.field} changed`;
  }

  /** The last action of a node; the log is not read where that is remembered. */
  #latest(label: Label): Pick<LogRow, 'key' | 'recipeKey' | 'outcome'> | undefined {
    const row = this.#recollection?.rowOf(label);
    if (row === undefined || !this.#recollection?.isLatest) {
      return this.#known.log.latest(label);
    }
    const record = readRecord(this.#known.store, row.key);
    return record.ok && record.value?.label === label
      ? {key: row.key, recipeKey: record.value.recipeKey, outcome: 'ok'}
      : this.#known.log.latest(label);
  }

  /**
   * The content of a source as far as it is decided: of several places the one recorded for this
   * list of places, else the first whose bytes are here (design §3, `or:`).
   */
  contentOf(fetch: Label): SourceContent | undefined {
    const known = this.#recollection?.contentOf(fetch);
    if (known !== undefined) return contentOfPrint(known);
    const {source} = this.#fetchNode(fetch);
    const {store, prints} = this.#known;
    if (source.type === 'path') return contentOfPrint(required(prints.paths.get(fetch)));
    const chosen = this.#chosen(fetch);
    if (source.type === 'git') {
      return chosen === undefined ? undefined : {type: 'tree', tree: treeDigest(chosen)};
    }
    const digests = digestsOf(source);
    const only = digests.length === 1 ? digests[0] : undefined;
    const preferred = digests.find((one) => one === chosen);
    const isHere = (blob: BlobDigest): boolean => hasBlob(store, blob) !== undefined;
    const blob = only ?? preferred ?? digests.find(isHere);
    return blob === undefined ? undefined : {type: 'file', blob};
  }

  /** Remembers which bytes are used for a source: holds until its list of places changes. */
  choose(fetch: Label, digest: BlobDigest | TreeDigest): void {
    const {placement} = this.#fetchNode(fetch).source;
    this.#known.choices.set(this.recipeKeyOf(fetch), placement.name, digest);
    this.#recollection?.chosen(fetch);
  }

  /** Whether what a source comes to is decided by what is written and chosen, not by what is here. */
  isDecided(fetch: Label): boolean {
    const {source} = this.#fetchNode(fetch);
    if (source.type === 'path') return true;
    const only = source.type !== 'git' && digestsOf(source).length === 1;
    return only || this.#chosen(fetch) !== undefined;
  }

  /** Sources, and ended builds and tests, that came to what is remembered of them: 1 for each. */
  asRemembered(): Uint8Array {
    const {graph} = this.#known;
    return this.#recollection?.same() ?? new Uint8Array(graph.order.length);
  }

  /** Whether a source is a local file or folder; only of those whose prints were read. */
  isLocal(fetch: Label): boolean {
    return this.isLocalAt(this.#known.graph.numberOf(fetch) ?? -1);
  }

  /** Whether all sources of a build are local, and known to be as they were. */
  hasLocalSourcesAt(at: number): boolean {
    return this.#recollection?.hasLocalSourcesAt(at) === true;
  }

  isLocalAt(at: number): boolean {
    if (this.#recollection?.isLocalAt(at) === true) return true;
    const fetch = this.#known.graph.order[at];
    return fetch !== undefined && this.#known.prints.paths.get(fetch) !== undefined;
  }

  /** Whether nothing has to be fetched or imported for a source of this node any more. */
  isHere(content: SourceContent | undefined): boolean {
    if (content === undefined) return false;
    if (content.type === 'tree') return hasTree(this.#known.store, content.tree);
    return hasBlob(this.#known.store, content.blob) !== undefined;
  }

  #chosen(fetch: Label): string | undefined {
    const {placement} = this.#fetchNode(fetch).source;
    const chosen = this.#known.choices.get(this.recipeKeyOf(fetch), placement.name);
    return chosen !== undefined && isDigest(chosen) ? chosen : undefined;
  }

  #describe(node: BuildNode | TestNode, build: BuildNode, inputs: Inputs): Resolution {
    const {graph, prints} = this.#known;
    const sources = build.build.sources.map((source, at) => ({
      name: source.placement.name,
      digest: digestOf(required(inputs.sources[at])),
    }));
    const resolved: ResolvedInputs = {
      layers: inputs.layers.map(({owner, tree}) => ({label: owner, tree})),
      sources,
      fingerprint: this.#toolsOf(build).fingerprint,
      policy: POLICY_VERSION,
      subject: node.kind === 'test' ? this.keyOf(node.of) : undefined,
    };
    const key = actionKeyOf(graph, node.label, prints, resolved);
    const manifest = actionManifest(graph, node.label, prints, resolved);
    return {type: 'known', key, manifest, inputs, sources};
  }

  #toolsOf(build: BuildNode): HostTools {
    if (build.build.in.type !== 'host') return NO_TOOLS;
    return this.#known.tools(build.build.tools);
  }

  #fetchNode(label: Label): FetchNode {
    const node = this.#known.graph.nodes.get(label);
    if (node?.kind !== 'fetch') throw new Bug(`${label} is no source`);
    return node;
  }

  #buildOf(node: BuildNode | TestNode): BuildNode {
    const build = node.kind === 'test' ? this.#known.graph.nodes.get(node.of) : node;
    if (build?.kind !== 'build') throw new Bug(`${node.label} checks no build`);
    return build;
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Bug('an input that was found known is not');
  return value;
}
