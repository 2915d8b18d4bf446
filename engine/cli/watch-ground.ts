/**
 * What a watch stands on from build to build: the project as it is now, the store as it was
 * opened, the workshop, and the folders that are watched. Reads anew what has changed; builds
 * nothing.
 */
import {warning, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import {FolderWatch} from '../base/folder-watch.ts';
import type {Listener} from '../base/event.ts';
import type {Label} from '../base/label.ts';
import {err, ok} from '../base/result.ts';
import {linkProject} from '../graph/link.ts';
import type {BuildGraph} from '../graph/model.ts';
import {printsNeeded} from '../graph/prints.ts';
import type {LabelSet} from '../graph/label-table.ts';
import {resolveTargets} from '../graph/targets.ts';
import {DocumentMemory} from '../load/document-memory.ts';
import type {PathSource} from '../load/model.ts';
import type {ReadProject} from '../load/project.ts';
import {findRoot} from '../load/root.ts';
import {LocalTrees} from '../run/local-trees.ts';
import {closureOf} from '../run/plan.ts';
import {Resolver} from '../run/resolve.ts';
import {watchedOf, type Origins, type Watched} from '../run/watched.ts';
import {openWorkshop, type Workshop} from '../run/workshop.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {
  learnWith,
  loadRequest,
  openMemory,
  openProjectStore,
  type OpenWork,
  type StoreMemory,
} from './open.ts';
import {allMistakes} from './mistakes.ts';
import {StandingProject} from './standing-project.ts';
import type {World} from './world.ts';

export interface GroundSettings {
  /** Without words everything is wanted. */
  readonly words: readonly string[];
  readonly widen: (graph: BuildGraph, targets: readonly Label[]) => readonly Label[];
  readonly listener: Listener;
  /** A file or folder that matters has changed. */
  readonly changed: (file: string) => void;
}

/** What was read of the project, as far as it goes. */
interface Seen {
  readonly origins: Origins;
  readonly linked: Checked<Linked>;
}

interface Linked {
  readonly read: ReadProject;
  readonly graph: BuildGraph;
  readonly targets: readonly Label[];
  readonly wanted: LabelSet;
}

/**
 * The kernel's queue has 16,384 places (inotify(7), max_queued_events); of what finds none nothing is
 * told. After half as many local folders are read wholly.
 */
const MOST_EVENTS = 8000;

/** Invariant: every folder of `#watched` is watched whenever `look` has ended. */
export class WatchGround {
  readonly #world: World;
  readonly #settings: GroundSettings;
  readonly #documents = new DocumentMemory();
  readonly #project = new StandingProject();
  readonly #trees = new LocalTrees();
  readonly #folders: FolderWatch;
  #watched: Watched | undefined;
  #origins: Origins = {inputs: [], patches: [], sources: []};
  #memory: StoreMemory | undefined;
  /** The place of the store that `#memory` is of. */
  #place: string | undefined;
  #workshop: Workshop | undefined;
  #warned: ReadonlySet<string> = new Set();
  /** How much was told since the last look. */
  #events = 0;

  constructor(world: World, settings: GroundSettings) {
    this.#world = world;
    this.#settings = settings;
    this.#folders = new FolderWatch({
      changed: (file) => this.#told(file),
      matters: (file) => this.#matters(file),
      limited: (code) => settings.listener({type: 'diagnostic', diagnostic: limited(code)}),
    });
  }

  get folders(): number {
    return this.#folders.size;
  }

  /** The project's folder. */
  get root(): string {
    return findRoot(this.#world.cwd) ?? this.#world.cwd;
  }

  get polling(): boolean {
    return this.#folders.polling;
  }

  /** Reads what is there now, and watches all it is made from before it is believed. */
  async look(): Promise<Checked<OpenWork>> {
    if (this.#events > MOST_EVENTS) {
      this.#trees.keep([]);
      this.#project.forget();
    }
    this.#events = 0;
    for (;;) {
      const seen = this.#see();
      if (!seen.ok) return seen;
      this.#origins = seen.value.origins;
      this.#watched = watchedOf(this.#origins, this.#trees);
      // What was written to a folder before it was watched was not told.
      if (await this.#folders.watch(this.#watched.folders)) {
        for (const folder of this.#watched.folders) this.#trees.touch(folder);
        this.#project.forget();
        continue;
      }
      const {linked} = seen.value;
      return linked.ok ? this.#open(linked.value) : linked;
    }
  }

  /** The registered run and the worker, for this store. */
  async workshop({store}: OpenWork): Promise<Checked<Workshop>> {
    if (this.#workshop?.store.root === store.root) return ok(this.#workshop);
    await this.#workshop?.close();
    const {host} = this.#world;
    const opened = await openWorkshop(store, {host, owner: ownerFor(host.uid)});
    this.#workshop = opened.ok ? opened.value : undefined;
    return opened;
  }

  /**
   * When nothing runs, now and then: what is remembered for as long as a process lives is
   * forgotten, so that a watch of days neither grows nor trusts what it saw long ago.
   */
  async renew({project}: OpenWork): Promise<void> {
    this.#project.forget();
    await this.#workshop?.renew();
    const store = openProjectStore(this.#world, project);
    const memory = store.ok ? openMemory(store.value) : store;
    // Where it cannot be opened, the next look says so.
    this.#memory = memory.ok ? memory.value : undefined;
  }

  async close(): Promise<void> {
    this.#memory?.cache.save();
    await this.#folders.close();
    await this.#workshop?.close();
  }

  #told(file: string): void {
    this.#events += 1;
    if (this.#watched?.folders.has(file) === true) this.#folders.forget(file);
    if (this.#watched?.concerns(file) !== true) return;
    if (this.#watched.concernsRecipes(file)) this.#project.touch(file);
    this.#trees.touch(file);
    this.#settings.changed(file);
  }

  /** All of the project, and of other places what is named: /etc has many files. */
  #matters(file: string): boolean {
    return file.startsWith(`${this.root}/`) || this.#watched?.concerns(file) === true;
  }

  #see(): Checked<Seen> {
    const request = {...loadRequest(this.#world), memory: this.#documents};
    const project = this.#project.read(request);
    if (!project.ok) return project;
    const {inputs} = project.value;
    const linked = this.#link(project.value);
    // While recipes are broken, what they named before may be what has to be mended.
    if (!linked.ok) return ok({origins: {...this.#origins, inputs}, linked});
    const needed = printsNeeded(linked.value.graph, linked.value.wanted);
    const sources = needed.paths.flatMap(({source}): PathSource[] =>
      source.type === 'path' ? [source] : [],
    );
    this.#trees.keep(sources);
    const patches = needed.patches.map((one) => one.file);
    return ok({origins: {inputs, patches, sources}, linked});
  }

  #link(read: ReadProject): Checked<Linked> {
    if (read.errors.length > 0) return err([...allMistakes(read), ...read.warnings]);
    this.#warn(read.warnings);
    const graph = linkProject(read.project);
    if (!graph.ok) return graph;
    const named = resolveTargets(graph.value, this.#settings.words);
    if (!named.ok) return named;
    const targets = this.#settings.widen(graph.value, named.value);
    return ok({read, graph: graph.value, targets, wanted: closureOf(graph.value, targets)});
  }

  /** Each warning once, until it has gone. */
  #warn(warnings: readonly Diagnostic[]): void {
    const texts = new Map(warnings.map((one) => [JSON.stringify(one), one]));
    for (const [text, diagnostic] of texts) {
      if (!this.#warned.has(text)) this.#settings.listener({type: 'diagnostic', diagnostic});
    }
    this.#warned = new Set(texts.keys());
  }

  #open({read, graph, targets, wanted}: Linked): Checked<OpenWork> {
    const {project, inputs} = read;
    const memory = this.#storeOf(project.config.storePath, () =>
      openProjectStore(this.#world, project),
    );
    if (!memory.ok) return memory;
    const {store, log} = memory.value;
    const run = this.#workshop?.store.root === store.root ? this.#workshop.run : undefined;
    const standing = {known: this.#trees, run};
    const known = learnWith(this.#world, graph, memory.value, wanted, standing);
    if (!known.ok) return known;
    const knowledge = known.value;
    const resolver = new Resolver(knowledge);
    const outcomes = {memo: undefined, recalled: undefined};
    return ok({project, graph, inputs, store, log, resolver, knowledge, targets, wanted, outcomes});
  }

  #storeOf(place: string, open: () => ReturnType<typeof openProjectStore>): Checked<StoreMemory> {
    if (this.#memory !== undefined && this.#place === place) return ok(this.#memory);
    const store = open();
    if (!store.ok) return store;
    const memory = openMemory(store.value);
    if (!memory.ok) return memory;
    this.#memory = memory.value;
    this.#place = place;
    return memory;
  }
}

function limited(code: string): Diagnostic {
  const name = code === 'ENOSPC' ? 'max_user_watches' : 'max_user_instances';
  const message = `the machine gives no more watches of files (${code}): looking at them again and again instead`;
  return warning('machine/watch-limit', message, {
    hint: `raise the limit: sysctl fs.inotify.${name}=524288, then start watch again`,
  });
}
