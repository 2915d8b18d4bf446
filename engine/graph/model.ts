/**
 * The linked graph: every name resolved to a node, in an order in which each node comes after
 * all it depends on. Made by link.ts. What grows with the length of chains (the
 * layers a build sees, closures) is computed when asked for: closure.ts.
 */
import type {Label} from '../base/label.ts';
import type {NodeKind} from '../base/event.ts';
import type {Build, Source, TestPlan} from '../load/model.ts';
import type {Location} from '../base/diagnostic.ts';

/**
 * source: a download or import · base: `in: label` · build: there while building · run: there
 * when what was built runs · both: build and run · test: needed by the test's steps · subject:
 * from a test to the build it checks.
 */
export type EdgeKind = 'source' | 'base' | 'build' | 'run' | 'both' | 'test' | 'subject';

/** What may stand for a need to run: a base can be one too. */
export const MAY_RUN: ReadonlySet<EdgeKind> = new Set(['run', 'both', 'base']);

export interface Edge {
  readonly to: Label;
  readonly kind: EdgeKind;
  /** Where it is written. */
  readonly at: Location;
}

/** A need with its name resolved. */
export interface LinkedNeed {
  readonly to: Label;
  readonly for: 'build' | 'run' | 'both';
}

export interface NodeBase {
  readonly label: Label;
  readonly kind: NodeKind;
  /**
   * Nodes that must be finished first, each once: sources, base, then needs as written. Run needs
   * are among them, so that a finished node is one that can be used.
   */
  readonly dependencies: readonly Edge[];
}

/** One source of a package, shared by all builds that use it. */
export interface FetchNode extends NodeBase {
  readonly kind: 'fetch';
  /** `collection/package@file-name`, or `collection/package:build@file-name` when builds differ. */
  readonly label: Label;
  readonly source: Source;
}

export interface BuildNode extends NodeBase {
  readonly kind: 'build';
  readonly build: Build;
  /** The artifact of `in: label`; undefined for `host` and `root`. */
  readonly base: Label | undefined;
  /** In the order written; a label may stand twice. */
  readonly needs: readonly LinkedNeed[];
  /** Labels whose files this build may cover, change or remove. */
  readonly replaces: readonly Label[];
  /** One for each of the build's sources, in their order. */
  readonly fetches: readonly Label[];
  /** Of a root: what its plan comes to. */
  readonly root?: LinkedRoot | undefined;
}

export interface LinkedRoot {
  /** The layers that may cover what lies below them. */
  readonly overrides: readonly Label[];
  /** What makes, in a finished root, files that no artifact owns. */
  readonly triggers: readonly GeneratedTrigger[];
}

export interface GeneratedTrigger {
  readonly text: string;
  readonly program: string;
  /** Folders its globs begin with; one of them has to be there. */
  readonly folders: readonly string[];
}

export interface TestNode extends NodeBase {
  readonly kind: 'test';
  /** The build node it checks. */
  readonly of: Label;
  readonly plan: TestPlan;
  /** The test's own needs, in the order written. */
  readonly needs: readonly Label[];
}

export type Node = FetchNode | BuildNode | TestNode;

/** What a written name can mean. */
export interface NameIndex {
  /** Labels of all builds, in sorted order. */
  readonly builds: ReadonlySet<Label>;
  /** package → collections that have it, sorted. */
  readonly collections: ReadonlyMap<string, readonly string[]>;
  /** label → label that stands in its place, followed to the end. */
  readonly overrides: ReadonlyMap<Label, Label>;
}

/** All edges of a graph, by places in its order: edge-table.ts. */
export interface EdgeTable {
  /** Where the edges of each node end; those of the next begin there. */
  readonly ends: Uint32Array;
  /** Of each edge the place it leads to. */
  readonly targets: Uint32Array;
  /** And its kind: the place in EDGE_KINDS of edge-table.ts. */
  readonly kinds: Uint8Array;
}

export interface BuildGraph {
  readonly nodes: ReadonlyMap<Label, Node>;
  /** All labels, each after its dependencies: by level, then by label. Equal for equal projects. */
  readonly order: readonly Label[];
  /** All of them as bytes, a newline between each two. */
  readonly labels: () => Buffer;
  readonly sets: ReadonlyMap<string, readonly Label[]>;
  readonly names: NameIndex;
  /** Globs no artifact may own, sorted: what a capture leaves out is part of what is built. */
  readonly generated: readonly string[];
  /** The place of a label in the order; undefined for others. */
  readonly numberOf: (label: Label) => number | undefined;
  /** What kind of node a label is, without making the node. */
  readonly kindOf: (label: Label) => NodeKind;
  readonly kindAt: (at: number) => NodeKind;
  /** The labels of a node's dependencies, without making the node. */
  readonly targetsOf: (label: Label) => readonly Label[];
  /** Whether something holds for each of these dependencies, without making the node. */
  readonly everyEdge: (label: Label, holds: (to: Label, kind: EdgeKind) => boolean) => boolean;
  /** All edges by places in the order: for whoever walks over thousands of nodes. */
  readonly edges: () => EdgeTable;
  /** A print of all that is known of each node, PRINT bytes in order: equal prints, equal nodes. */
  readonly prints: () => Buffer;
  /** Nodes with an edge to this one, sorted. */
  readonly dependents: (label: Label) => readonly Label[];
}
