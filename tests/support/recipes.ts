/**
 * Small recipes for tests of the command line: the script kind, one file for each package.
 */
import {stringify} from 'yaml';
import type {Ran} from './space.ts';

export interface Sketch {
  /** One text for the step `install`, or steps by name. */
  readonly steps?: string | Readonly<Record<string, string>>;
  readonly needs?: readonly unknown[];
  readonly tools?: readonly string[];
  /** Further fields of the recipe, of its build, of its test. */
  readonly recipe?: object;
  readonly build?: object;
  readonly test?: object;
}

/** The files of some packages: `{'t/a': {…}}` becomes `{'recipes/t/a.yaml': …}`. */
export function recipes(sketches: Readonly<Record<string, Sketch>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(sketches).map(([label, one]) => [`recipes/${label}.yaml`, recipe(label, one)]),
  );
}

export function recipe(label: string, sketch: Sketch = {}): string {
  const name = label.split('/').at(-1) ?? label;
  const {steps = writes(name), needs = [], tools = [], test} = sketch;
  return stringify(
    {
      package: name,
      version: '1',
      summary: `What ${name} is`,
      tools: ['mkfifo', ...tools],
      ...sketch.recipe,
      builds: {
        main: {
          in: 'host',
          uses: 'script',
          needs,
          steps: typeof steps === 'string' ? {install: steps} : steps,
          ...(test === undefined ? {} : {test}),
          ...sketch.build,
        },
      },
    },
    {aliasDuplicateObjects: false, lineWidth: 0},
  );
}

/** The text of a step that installs one file. */
export function writes(file: string, content: string = file): string {
  return `mkdir -p "$DESTDIR/usr/share"\necho '${content}' > "$DESTDIR/usr/share/${file}"\n`;
}

/** The text of a step that installs a file made of those of its needs. */
export function joins(file: string, needs: readonly string[]): string {
  const all = needs.map((one) => `/sysroot/usr/share/${one}`).join(' ');
  return `mkdir -p "$DESTDIR/usr/share"\ncat ${all} > "$DESTDIR/usr/share/${file}"\n`;
}

/** The record `build --json` ends with. */
export interface Result {
  readonly ok: boolean;
  readonly executed: readonly string[];
  readonly fresh: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly targets: readonly {
    readonly label: string;
    readonly key: string | null;
    readonly tree: string | null;
  }[];
  readonly durationMs: number;
}

export function resultOf(ran: Ran): Result {
  return JSON.parse(ran.stdout.trimEnd().split('\n').at(-1) ?? '') as Result;
}

export interface PlannedLine {
  readonly label: string;
  readonly kind: string;
  readonly verdict: 'run' | 'maybe' | 'fresh';
  readonly recipeKey: string | null;
  readonly key: string | null;
  readonly reason: string | null;
  readonly seconds: number | null;
  readonly secondsFrom: 'history' | 'sbu' | null;
  readonly downloadBytes: number | null;
  readonly diskBytes: number | null;
}

/** The record of `build -n --json`. */
export interface PlanRecord {
  readonly ok: boolean;
  readonly plan: readonly PlannedLine[];
  readonly criticalPath: readonly string[];
  readonly missingTools: readonly string[];
}

export function planOf(ran: Ran): PlanRecord {
  return JSON.parse(ran.stdout) as PlanRecord;
}

/** The labels of a plan by verdict, as `{run: […], maybe: […], fresh: […]}`. */
export function verdicts(plan: PlanRecord): Record<'run' | 'maybe' | 'fresh', string[]> {
  const having = (verdict: string): string[] =>
    plan.plan.filter((one) => one.verdict === verdict).map((one) => one.label);
  return {run: having('run'), maybe: having('maybe'), fresh: having('fresh')};
}
