/**
 * What the sandbox, the capture and the store cost: builds one package with `recipes` and with the
 * same commands in a plain shell, in turn, and compares CPU seconds and wall time.
 *
 * Usage: npm run bench overhead [LABEL] [PAIRS] [JOBS] [STORE]
 * STORE: one that has the package; else all it needs is built first, in a store of its own.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {realHost} from '../../engine/base/host.ts';
import {formatLabel, type Label} from '../../engine/base/label.ts';
import type {Build, Source} from '../../engine/load/model.ts';
import {loadProject} from '../../engine/load/project.ts';
import {variablesText} from '../../engine/sandbox/steps.ts';
import {MAIN} from '../support/space.ts';

interface Cost {
  readonly wall: number;
  /** User and system seconds of all processes. */
  readonly cpu: number;
}

const [label = 'tour/gmp', pairs = '5', jobs = '1', given] = process.argv.slice(2);
const root = path.resolve(path.dirname(MAIN), '../../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-overhead-'));
const store = given ?? path.join(folder, 'store');

main();

function main(): void {
  try {
    const build = findBuild(label as Label);
    if (given === undefined) recipes(['build', label]);
    const archives = sourcesOf(build);
    const costs = {recipes: [] as Cost[], shell: [] as Cost[]};
    for (let pair = 0; pair < Number(pairs); pair += 1) {
      costs.recipes.push(
        measure(
          `"${process.execPath}" "${MAIN}" -C "${root}" --store "${store}" -q build --force -j${jobs} ${label}`,
        ),
      );
      costs.shell.push(plainShell(build, archives));
      console.error(
        `pair ${pair + 1}: ${JSON.stringify([costs.recipes.at(-1), costs.shell.at(-1)])}`,
      );
    }
    report(costs);
  } finally {
    fs.rmSync(folder, {recursive: true, force: true});
  }
}

function report(costs: {recipes: readonly Cost[]; shell: readonly Cost[]}): void {
  const of = (list: readonly Cost[], what: keyof Cost): number =>
    median(list.map((one) => one[what]));
  const ratio = (what: keyof Cost): string =>
    (of(costs.recipes, what) / of(costs.shell, what)).toFixed(3);
  console.log(`| ${label} -j${jobs} | recipes | plain shell | ratio |`);
  console.log('| --- | --- | --- | --- |');
  for (const what of ['cpu', 'wall'] as const) {
    console.log(
      `| ${what}, s | ${of(costs.recipes, what).toFixed(2)} | ${of(costs.shell, what).toFixed(2)} | ${ratio(what)} |`,
    );
  }
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function findBuild(wanted: Label): Build {
  const loaded = loadProject({cwd: root, host: realHost(), flags: {options: {}}});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const builds = loaded.value.project.recipes.flatMap((recipe) => recipe.builds);
  const build = builds.find((one) => formatLabel(one.parts) === wanted);
  if (build === undefined) throw new Error(`no build ${wanted}`);
  return build;
}

function recipes(argv: readonly string[]): string {
  return execFileSync(process.execPath, [MAIN, '-C', root, '--store', store, ...argv], {
    encoding: 'utf8',
  });
}

/** The archives as the store has them, under their own names. */
function sourcesOf(build: Build): string[] {
  const shown = JSON.parse(recipes(['show', label, '--json'])) as {sources: {digest: string}[]};
  return build.sources.map(({placement}, at) => {
    const digest = shown.sources[at]?.digest ?? '';
    const to = path.join(folder, placement.name);
    const there = path.join(store, 'files', digest.slice(0, 2), `${digest.slice(2)}.644`);
    fs.copyFileSync(there, to);
    return to;
  });
}

/** Tar commands that do what a placement says. */
function unpacking({placement}: Source, archive: string, work: string): string {
  const into = `${work}/build/${placement.into}`;
  const strip = `--strip-components=${placement.strip}`;
  const {unpack} = placement;
  const nested = typeof unpack === 'object';
  const get = nested
    ? `tar -xOf ${archive} --wildcards '*${unpack.inner}' | tar -xJ`
    : `tar -xf ${archive}`;
  return `mkdir -p ${into} && ${get} -C ${into} ${strip}`;
}

/** The same steps with the same variables: unpack, configure, compile, install. */
function plainShell(build: Build, archives: readonly string[]): Cost {
  const work = path.join(folder, 'plain');
  fs.rmSync(work, {recursive: true, force: true});
  fs.mkdirSync(path.join(work, 'build'), {recursive: true});
  layNeeds(build, path.join(work, 'sysroot'));
  const moved = (text: string): string =>
    text
      .replaceAll('/sysroot', `${work}/sysroot`)
      .replaceAll(/(?<![\w.])\/build(?=[/\s"']|$)/gm, `${work}/build`);
  const env = Object.entries({...build.env, PATH: `/sysroot/tools/bin:/usr/bin:/usr/sbin`}).map(
    ([name, value]) => `export ${name}=${JSON.stringify(moved(value))}`,
  );
  const script = [
    ...env,
    'export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=315532800',
    `export MAKEFLAGS=-j${jobs} SYSROOT=${work}/sysroot DESTDIR=${work}/sysroot`,
    variablesText(build.variables, Number(jobs)),
    ...build.shell.map((flag) => `set -o ${flag}`),
    ...build.sources.map((source, at) => unpacking(source, archives[at] ?? '', work)),
    `cd ${work}/build/${build.top}`,
    ...build.steps.map((step) => moved(step.text)),
  ].join('\n');
  fs.writeFileSync(path.join(work, 'script'), script);
  return measure(`bash "${work}/script"`);
}

/** What the build needs, where it looks for it. */
function layNeeds(build: Build, sysroot: string): void {
  fs.mkdirSync(sysroot);
  const {layers} = JSON.parse(recipes(['show', label, '--json'])) as {layers: string[]};
  for (const [at, layer] of layers.entries()) {
    const out = path.join(folder, 'plain', `layer-${String(at)}`);
    recipes(['checkout', '--copy', layer, out]);
    execFileSync('cp', ['-a', `${out}/.`, sysroot]);
  }
}

/** Wall and CPU seconds of a command with all it waited for, as bash's `time` says. */
function measure(command: string): Cost {
  const text = execFileSync(
    'bash',
    ['-c', `TIMEFORMAT='%R %U %S'; { time ${command} >${folder}/output 2>&1; } 2>&1`],
    {
      encoding: 'utf8',
      env: {PATH: '/usr/bin:/usr/sbin:/bin', HOME: os.tmpdir()},
    },
  );
  const [wall = 0, user = 0, system = 0] =
    text.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return {wall, cpu: user + system};
}
