/**
 * `store verify`: what is damaged in the store, whose it is and who holds it; with `--repair` it
 * is restored. `store reindex`: makes anew what can be made from content.
 */
import path from 'node:path';
import {isatty} from 'node:tty';
import {fail, type Checked} from '../base/diagnostic.ts';
import {readInto} from '../base/files.ts';
import {err, ok} from '../base/result.ts';
import {formatSize, count} from '../ui/text.ts';
import {listRuns, openRun} from '../../store/claims.ts';
import {holdersOf, type Holders} from '../../store/holders.ts';
import {openStore, openStoreToRead, type Store} from '../../store/layout.ts';
import {reindex} from '../../store/reindex.ts';
import {isRoot, isWholeNow, repairFindings} from '../../store/repair.ts';
import {guard, storeTrouble} from '../../store/trouble.ts';
import {surveyStore, type Finding, type Survey} from '../../store/verify.ts';

import {ownerFor} from '../sandbox/launch.ts';
import {openConfig} from './pin.ts';
import {rebuild} from './rebuild.ts';
import {isSet, textOption, type Answer, type World} from './world.ts';

/** Exit code when damage is left. */
const DAMAGED = 4;

export async function verify(world: World): Answer {
  const place = storePlace(world);
  if (!place.ok) return place;
  const store = openStoreToRead(place.value, ownerFor(world.host.uid));
  if (!store.ok) return store;
  const looked = await look(world, store.value);
  if (!looked.ok) return looked;
  const {survey} = looked.value;
  const damaged = survey.findings.filter((one) => one.severity === 'damaged');
  if (!isSet(world, 'repair') || survey.findings.length === 0) {
    show(world, looked.value);
    return ok(damaged.length === 0 ? 0 : DAMAGED);
  }
  if (world.call.globals.json !== true) show(world, looked.value);
  const allowed = confirm(world, survey.findings);
  return allowed.ok ? repair(world, store.value, looked.value) : allowed;
}

/** The store of the project, or the one named with --store where there is no project. */
export function storePlace(world: World): Checked<string> {
  const opened = openConfig(world);
  if (opened.ok) return ok(opened.value.config.storePath);
  const named = world.call.globals.store;
  return named === undefined ? opened : ok(path.resolve(world.cwd, named));
}

export interface Looked {
  readonly survey: Survey;
  readonly holders: ReadonlyMap<string, Holders>;
  readonly milliseconds: number;
}

async function look(world: World, store: Store): Promise<Checked<Looked>> {
  const began = world.host.tick();
  try {
    const survey = surveyStore(store, isSet(world, 'full'));
    const digests = survey.findings.flatMap((one) => one.digest ?? []);
    const holders = digests.length === 0 ? new Map() : holdersOf(store, survey, new Set(digests));
    return ok({survey, holders, milliseconds: world.host.tick() - began});
  } catch (error) {
    return err(storeTrouble(error, store.root));
  }
}

// --- what is said --------------------------------------------------------------------------------

function show(
  world: World,
  looked: Looked,
  mended?: ReadonlyMap<Finding, string | undefined>,
): void {
  const {survey, holders, milliseconds} = looked;
  if (world.call.globals.json === true) {
    world.print(JSON.stringify(recordOf(world, looked, mended)));
    return;
  }
  for (const finding of survey.findings) {
    if (mended === undefined) world.print(textOf(finding, holders));
    else world.print(`${finding.place}: ${mended.get(finding) ?? endOf(finding)}`);
  }
  if (mended !== undefined) return;
  const {blobs, bytes} = survey.count;
  const damaged = survey.findings.filter((one) => one.severity === 'damaged').length;
  const size = `${count(blobs, 'file')} (${formatSize(bytes)}), ${count(survey.trees.size, 'tree')}, ${count(survey.records.length, 'record')}`;
  const found = damaged === 0 ? 'nothing damaged' : `${damaged} damaged`;
  const depth = isSet(world, 'full') ? 'every byte read' : 'not every byte read: --full does';
  world.print(`${found} among ${size} (${(milliseconds / 1000).toFixed(1)} s, ${depth})`);
  if (damaged > 0 && !isSet(world, 'repair')) {
    world.tell('recipes store verify --repair restores what is damaged');
  }
}

/** What becomes of something that is whole now, or need not be. */
function endOf({kind}: Finding): string {
  return kind === 'other' ? 'set aside' : 'restored';
}

/** Only a root says what it keeps: so none is removed in passing. */
function leftRoot(place: string): string {
  const [, kind = '', name = ''] = place.split('/');
  if (kind === 'projects') return 'left, so that gc refuses: build the project again';
  const byHand = 'left, so that gc refuses: remove it by hand to give up what it keeps';
  return kind === 'pins' ? `left, so that gc refuses: pin it again, or unpin ${name}` : byHand;
}

function textOf(finding: Finding, holders: ReadonlyMap<string, Holders>): string {
  const lines = [`${finding.severity}: ${finding.place}: ${finding.why}`];
  const held = finding.digest === undefined ? undefined : holders.get(finding.digest);
  if (held !== undefined && held.artifacts.length > 0) {
    lines.push(`  part of ${some(held.artifacts)}`);
  }
  if (held !== undefined && held.inputOf.length > 0) {
    lines.push(`  used to build ${some(held.inputOf)}`);
  }
  if (held !== undefined && held.roots.length > 0) lines.push(`  kept by ${some(held.roots)}`);
  return lines.join('\n');
}

function some(labels: readonly string[]): string {
  const more = labels.length > 8 ? ` and ${labels.length - 8} more` : '';
  return labels.slice(0, 8).join(', ') + more;
}

function recordOf(
  world: World,
  {survey, holders, milliseconds}: Looked,
  mended?: ReadonlyMap<Finding, string | undefined>,
): object {
  const all = survey.findings.map((finding) => {
    const held = finding.digest === undefined ? undefined : holders.get(finding.digest);
    return {
      ...finding,
      digest: finding.digest ?? null,
      artifacts: held?.artifacts ?? [],
      inputOf: held?.inputOf ?? [],
      keptBy: held?.roots ?? [],
      ...(mended === undefined ? {} : {left: mended.get(finding) ?? null}),
    };
  });
  const left = all.filter((one) =>
    mended === undefined ? one.severity === 'damaged' : one.left !== null,
  );
  return {
    ok: left.length === 0,
    full: isSet(world, 'full'),
    findings: all,
    ...survey.count,
    trees: survey.trees.size,
    records: survey.records.length,
    milliseconds: Math.round(milliseconds),
  };
}

// --- repair --------------------------------------------------------------------------------------

/** Repairing moves files away and may build for hours: nobody gets that by accident. */
function confirm(world: World, findings: readonly Finding[]): Checked<undefined> {
  if (isSet(world, 'yes')) return ok(undefined);
  if (!isatty(0) || !world.host.stderr.isTerminal) {
    return fail('usage/wrong', 'there is no terminal to ask on: say --repair --yes');
  }
  world.host.stderr.write(`repair ${count(findings.length, 'object')}? [y/N] `);
  const answer = Buffer.alloc(100);
  const text = answer.toString('utf8', 0, readInto(0, answer)).trim().toLowerCase();
  return text === 'y' || text === 'yes'
    ? ok(undefined)
    : fail('usage/wrong', 'nothing was changed');
}

async function repair(world: World, read: Store, looked: Looked): Answer {
  const store = openStore(read.root, ownerFor(world.host.uid));
  if (!store.ok) return store;
  const other = otherStore(world);
  if (!other.ok) return other;
  const {findings} = looked.survey;
  const first = alone(world, store.value, () => repairFindings(store.value, findings, other.value));
  if (!first.ok) return first;
  const open = findings.filter(
    (one) => one.severity === 'damaged' && first.value.get(one) !== true && !isRoot(one),
  );
  const reasons = await rebuild(world, store.value, open, looked.holders);
  const left = new Map<Finding, string | undefined>();
  for (const one of findings) {
    const whole = isWholeNow(store.value, one);
    const why = isRoot(one) ? leftRoot(one.place) : (reasons.get(one) ?? 'lost');
    left.set(one, whole ? undefined : why);
  }
  const after = surveyStore(store.value, false);
  const still = after.findings.filter((one) => one.severity === 'damaged');
  show(world, looked, left);
  tellOfGenerations(world, looked);
  const lost = [...left.values()].filter((one) => one !== undefined).length;
  world.tell(
    lost === 0 ? `${count(findings.length, 'object')} restored` : `${lost} could not be restored`,
  );
  return ok(lost === 0 && still.length === 0 ? 0 : DAMAGED);
}

/** Files laid out as hard links were the damaged ones: those have what the store had. */
function tellOfGenerations(world: World, {survey, holders}: Looked): void {
  const damaged = survey.findings.filter(
    (one) => one.severity === 'damaged' && one.kind === 'blob',
  );
  const roots = damaged.flatMap(({digest}) => holders.get(digest ?? '')?.roots ?? []);
  for (const root of new Set(roots)) {
    const [kind, profile = '', n = ''] = root.split('/');
    if (kind !== 'generations') continue;
    world.tell(
      `generation ${n} of ${profile} may still have damaged files: recipes root switch makes another`,
    );
  }
}

function otherStore(world: World): Checked<Store | undefined> {
  const from = textOption(world, 'from');
  if (from === undefined) return ok(undefined);
  return openStoreToRead(path.resolve(world.cwd, from), undefined);
}

/** Setting aside and restoring exclude all other work; refused while there is any. */
function alone<T>(world: World, store: Store, work: () => T): Checked<T> {
  return guardAll(store, () => {
    const run = openRun(store, world.host);
    try {
      const others = listRuns(store, run).live.filter((id) => id !== run.id);
      if (others.length > 0) {
        const who = others.map((id) => `pid ${id.split('-')[0] ?? ''}`).join(', ');
        return fail('store/locked', `others are at work in the store: ${who}`);
      }
      return ok(work());
    } finally {
      run.release();
    }
  });
}

function guardAll<T>(store: Store, work: () => Checked<T>): Checked<T> {
  const done = guard(store.root, work);
  return done.ok ? done.value : done;
}

// --- reindex -------------------------------------------------------------------------------------

export function reindexStore(world: World): Answer {
  const place = storePlace(world);
  if (!place.ok) return Promise.resolve(place);
  const store = openStore(place.value, ownerFor(world.host.uid));
  if (!store.ok) return Promise.resolve(store);
  const done = alone(world, store.value, () => reindex(store.value));
  if (!done.ok) return Promise.resolve(done);
  if (world.call.globals.json === true) world.print(JSON.stringify(done.value));
  else world.tell(`${count(done.value.rows, 'row')} from records; caches and farms are made anew`);
  return Promise.resolve(ok(0));
}
