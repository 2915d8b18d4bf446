/**
 * A crowd at one store: builders with projects of their own that come in variants, so that they
 * share most of their nodes; gc without grace in a loop; verification in a loop. Every command has
 * to end well and in time, and a variant has to come to the same trees whenever it is built.
 */
import fs from 'node:fs';
import path from 'node:path';
import {recipes, resultOf, type Sketch} from './recipes.ts';
import {Space, type Ran} from './space.ts';

export interface Crowd {
  readonly builders: number;
  readonly collectors: number;
  /** 0 where this version has no `store verify`. */
  readonly verifiers: number;
  readonly seconds: number;
}

export interface CrowdReport {
  /** How often each command was run. */
  readonly runs: Readonly<Record<string, number>>;
  /** Nodes that were executed in all. */
  readonly executed: number;
  /** Things gc has removed in all. */
  readonly removed: number;
  /** What should not be. */
  readonly troubles: readonly string[];
}

const VARIANTS = 5;
/** No command takes longer: else somebody waits for ever. */
const MOST_SECONDS = 120;

/** 13 nodes in four layers. What a variant changes is at the bottom, so cutoffs happen as well. */
export function variantOf(variant: number): Record<string, Sketch> {
  const write = (name: string, text: string): string =>
    `mkdir -p "$DESTDIR/usr/share"\necho '${text}' > "$DESTDIR/usr/share/${name}"\n` +
    `echo shared > "$DESTDIR/usr/share/${name}.same"\n`;
  const join = (name: string, needs: readonly string[]): Sketch => ({
    needs,
    steps: `mkdir -p "$DESTDIR/usr/share"\ncat ${needs
      .map((one) => `/sysroot/usr/share/${one}`)
      .join(' ')} > "$DESTDIR/usr/share/${name}"\n`,
  });
  const leaf = (name: string, text: number): [string, Sketch] => [
    `t/${name}`,
    {steps: write(name, `${name} ${String(text)}`)},
  ];
  return Object.fromEntries([
    leaf('a', variant),
    leaf('b', variant % 2),
    leaf('c', 0),
    leaf('d', variant % 3),
    ['t/s', {recipe: {sources: [{path: '../../src', unpack: false}]}, steps: write('s', 's')}],
    ['t/ab', join('ab', ['a', 'b'])],
    ['t/bc', join('bc', ['b', 'c'])],
    ['t/cd', join('cd', ['c', 'd'])],
    ['t/ad', join('ad', ['a', 'd'])],
    // Another text, the same output: what stands on it is cut.
    ['t/cut', {needs: ['d'], steps: `: ${String(variant)}\n${write('cut', 'cut')}`}],
    ['t/abc', join('abc', ['ab', 'bc', 'cut'])],
    ['t/acd', join('acd', ['cd', 'ad'])],
    ['t/all', join('all', ['abc', 'acd'])],
  ]);
}

/** The project of one builder, in a store that others use too. */
export function crowdSpace(store: string | undefined, variant: number): Space {
  const space = Space.create({'src/file': 'a source\n'});
  setVariant(space, variant);
  if (store !== undefined) {
    space.write('recipes.config.yaml', `store: {path: ${JSON.stringify(store)}}\n`);
  }
  return space;
}

function setVariant(space: Space, variant: number): void {
  for (const [name, text] of Object.entries(recipes(variantOf(variant)))) space.write(name, text);
}

export async function runCrowd(crowd: Crowd): Promise<CrowdReport> {
  const home = Space.create();
  const store = home.at('store');
  const spaces = Array.from({length: crowd.builders}, (_, n) => crowdSpace(store, n));
  const [first] = spaces;
  if (first === undefined) throw new TypeError('a crowd has at least one builder');
  const work = new Work(crowd.seconds);
  try {
    await work.command(first, ['build', '--json']);
    await Promise.all([
      ...spaces.map((space, n) => work.loop((round) => work.build(space, n + 1 + round * 3))),
      ...Array.from({length: crowd.collectors}, () => work.loop(() => work.collect(first))),
      ...Array.from({length: crowd.verifiers}, () => work.loop(() => work.verify(first, []))),
    ]);
    // With nobody at work: all of it once more, and then nothing is in anybody's way.
    for (const space of spaces) await work.command(space, ['build', '--json']);
    if (crowd.verifiers > 0) await work.verify(first, ['--full']);
    await work.collect(first);
    work.expectClean(store);
    return work.report();
  } finally {
    for (const space of [...spaces, home]) await space[Symbol.asyncDispose]();
  }
}

class Work {
  readonly #end: number;
  readonly #runs: Record<string, number> = {};
  readonly #troubles: string[] = [];
  readonly #trees = new Map<string, string>();
  #executed = 0;
  #removed = 0;

  constructor(seconds: number) {
    this.#end = performance.now() + seconds * 1000;
  }

  report(): CrowdReport {
    const {executed, removed} = {executed: this.#executed, removed: this.#removed};
    return {runs: this.#runs, executed, removed, troubles: this.#troubles};
  }

  async loop(step: (round: number) => Promise<void>): Promise<void> {
    for (let round = 0; performance.now() < this.#end && this.#troubles.length < 5; round += 1) {
      await step(round);
    }
  }

  async build(space: Space, seed: number): Promise<void> {
    const variant = seed % VARIANTS;
    setVariant(space, variant);
    const ran = await this.command(space, ['build', '--json', '-j2']);
    if (ran.status !== 0) return;
    const {executed, targets} = resultOf(ran);
    this.#executed += executed.length;
    for (const {label, tree} of targets) this.#same(`${label} of variant ${String(variant)}`, tree);
    const dest = `out-${String(seed)}`;
    // All that was built is there to the last file.
    const laid = await this.command(space, ['checkout', 'all', dest]);
    const file = space.at(`${dest}/usr/share/all`);
    if (laid.status === 0) this.#same(`all ${String(variant)}`, fs.readFileSync(file, 'utf8'));
    fs.rmSync(space.at(dest), {recursive: true, force: true});
  }

  async collect(space: Space): Promise<void> {
    const ran = await this.command(space, ['store', 'gc', '--grace', '0s', '--json']);
    if (ran.status !== 0) return;
    const {removed} = JSON.parse(ran.stdout) as {removed: readonly unknown[]};
    this.#removed += removed.length;
  }

  async verify(space: Space, options: readonly string[]): Promise<void> {
    await this.command(space, ['store', 'verify', ...options]);
  }

  /** Runs a command to its end, which has to be a good one. */
  async command(space: Space, argv: readonly string[]): Promise<Ran> {
    const name = argv.filter((word) => /^[a-z]+$/.test(word)).slice(0, 2);
    const [first = '', second = ''] = name;
    const label = first === 'store' ? `store ${second}` : first;
    this.#runs[label] = (this.#runs[label] ?? 0) + 1;
    const running = space.start(argv);
    const timer = setTimeout(() => running.child.kill('SIGKILL'), MOST_SECONDS * 1000);
    const ran = await running.ended;
    clearTimeout(timer);
    if (ran.status !== 0) {
      const how = String(ran.status ?? ran.signal);
      this.#troubles.push(`recipes ${argv.join(' ')}: ${how}\n${ran.stdout}${ran.stderr}`);
    }
    return ran;
  }

  expectClean(store: string): void {
    for (const place of ['runs', 'claims', 'tmp', 'scratch', 'quarantine']) {
      const names = fs.readdirSync(path.join(store, place));
      if (names.length > 0) this.#troubles.push(`${place} has ${names.join(' ')}`);
    }
  }

  #same(what: string, value: string | null): void {
    const known = this.#trees.get(what) ?? value ?? 'nothing';
    this.#trees.set(what, known);
    if (known !== value) this.#troubles.push(`${what}: ${String(value)}, before ${known}`);
  }
}
