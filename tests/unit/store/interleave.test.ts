/**
 * Builders act between the windows of a gc, as they do from other processes, in any order: nothing
 * that is relied upon, or that a root leads to, is ever lost. Seeded, so a failure comes again.
 */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import {openRun, type RunHandle} from '../../../store/claims.ts';
import type {Store} from '../../../store/layout.ts';
import {rely} from '../../../store/protect.ts';
import {sweepScratch} from '../../../store/sweep.ts';
import {hasTree} from '../../../store/trees.ts';
import {random} from '../../support/random.ts';
import {dangling, gc, objectsIn, pin, publish, type Artifact} from './collect-rig.ts';
import {emptyStore} from './rig.ts';

/** A run, and what it has found or made and goes on to use. */
interface Live {
  readonly run: RunHandle;
  readonly relied: Map<string, Artifact>;
}

class Play {
  readonly #store: Store;
  readonly #next: (below: number) => number;
  readonly #pinned = new Map<string, Artifact>();
  readonly #made = new Map<string, Artifact>();
  #lives: Live[] = [];

  constructor(store: Store, next: (below: number) => number) {
    this.#store = store;
    this.#next = next;
  }

  steps(most: number): void {
    for (let n = this.#next(most); n > 0; n -= 1) this.#step();
  }

  check(t: ExecutionContext, when: string): void {
    t.deepEqual(dangling(this.#store), [], when);
    for (const {relied} of this.#lives) {
      for (const [name, {tree}] of relied) t.true(hasTree(this.#store, tree), `${when}: ${name}`);
    }
    for (const [name, {tree}] of this.#pinned)
      t.true(hasTree(this.#store, tree), `${when}: ${name}`);
  }

  endAll(): void {
    for (const {run} of this.#lives) run.release();
    this.#lives = [];
  }

  #step(): void {
    const live = this.#lives[this.#next(Math.max(1, this.#lives.length))];
    const what = this.#next(10);
    if (live === undefined || what === 0) return this.#begin();
    if (what < 5) this.#build(live);
    else if (what < 7) this.#find(live);
    else if (what === 7) this.#pin(live);
    else {
      live.run.release();
      this.#lives = this.#lives.filter((one) => one !== live);
    }
  }

  #begin(): void {
    if (this.#lives.length >= 4) return;
    this.#lives.push({run: openRun(this.#store, realHost()), relied: new Map()});
  }

  /** Few contents and few names: what is dead is made again, in part or whole, all the time. */
  #build(live: Live): void {
    const name = `n${String(this.#next(12))}`;
    const contents = [String(this.#next(8)), String(this.#next(8))];
    const artifact = publish(this.#store, live.run, name, contents);
    // The same action has another outcome now, for whoever had found the last one too.
    for (const {relied} of this.#lives) relied.delete(name);
    for (const [at, old] of this.#pinned) if (old.key === artifact.key) this.#pinned.delete(at);
    this.#made.set(name, artifact);
    live.relied.set(name, artifact);
  }

  #find(live: Live): void {
    const name = `n${String(this.#next(12))}`;
    const artifact = this.#made.get(name);
    if (artifact === undefined) return;
    const {key, tree} = artifact;
    const isThere = (): boolean => hasTree(this.#store, tree);
    const there = rely(this.#store, live.run, [`key ${key}`, `tree ${tree}`], isThere);
    if (there) live.relied.set(name, artifact);
  }

  #pin(live: Live): void {
    const [chosen] = [...live.relied.values()];
    if (chosen === undefined) return;
    const name = `p${String(this.#next(3))}`;
    pin(this.#store, name, chosen);
    this.#pinned.set(name, chosen);
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`whatever is relied upon is there, in any order of steps: ${String(seed)}`, (t) => {
    const store = emptyStore(t);
    const next = random(seed);
    const play = new Play(store, next);
    for (let round = 0; round < 12; round += 1) {
      play.steps(12);
      gc(store, {
        window: 1 + next(4),
        beforeWindow: () => {
          play.steps(4);
        },
      });
      play.check(t, `round ${String(round)}`);
      sweepScratch(store);
    }
    play.endAll();
    fs.rmSync(path.join(store.root, 'roots/pins'), {recursive: true, force: true});
    gc(store);
    t.deepEqual(objectsIn(store, 'files'), [], 'what nothing needs goes in the end');
  });
}
