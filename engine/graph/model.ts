/**
 * The linked graph: every name resolved to a node, in an order in which each node comes after
 * all it depends on. Types only; graph.ts makes it.
 */
import type {Label} from '../base/label.ts';
import type {RecipeKey} from '../base/hash.ts';
import type {NodeKind} from '../base/event.ts';
import type {Build, Source} from '../load/model.ts';
import type {Location} from '../base/diagnostic.ts';

export interface Edge {
  readonly to: Label;
  /** Where it is written. */
  readonly at: Location;
}

export interface NodeBase {
  readonly label: Label;
  readonly kind: NodeKind;
  /** Nodes that must be finished first, in the order written. */
  readonly dependencies: readonly Edge[];
}

/** One source of a package, shared by all builds that use it. */
export interface FetchNode extends NodeBase {
  readonly kind: 'fetch';
  /** `collection/package@file-name`. */
  readonly label: Label;
  readonly source: Source;
}

export interface BuildNode extends NodeBase {
  readonly kind: 'build';
  readonly build: Build;
  readonly recipeKey: RecipeKey;
  /** The lowest layers: for `in: label` its run closure, then itself; else empty. */
  readonly base: readonly Label[];
  /** What is laid over the base, bottom first: for each need its run closure, then itself; each once. */
  readonly layers: readonly Label[];
  /** Its own run needs (direct), for the closures of others. */
  readonly runNeeds: readonly Label[];
  readonly replaces: readonly Label[];
  readonly fetches: readonly Label[];
}

export interface TestNode extends NodeBase {
  readonly kind: 'test';
  /** The build node it checks. */
  readonly of: Label;
  readonly recipeKey: RecipeKey;
  /** The layers of the build, then the test's own needs with their run closures. */
  readonly layers: readonly Label[];
}

export type Node = FetchNode | BuildNode | TestNode;

export interface BuildGraph {
  readonly nodes: ReadonlyMap<Label, Node>;
  /** All labels, each after its dependencies; stable for equal projects. */
  readonly order: readonly Label[];
  readonly sets: ReadonlyMap<string, readonly Label[]>;
}
