/**
 * The shell text that unpacks and patches sources: run like steps, in a sandbox of its own with
 * the machine's tools. Archives have been checked before (source/archive-check.ts). Pure.
 */
import {INSIDE} from './places.ts';
import type {StagedPatch, StagedSource} from './protocol.ts';
import {quote, type StepText} from './steps.ts';

type Unpacking = NonNullable<StagedSource['unpack']>;

const FILTERS: Readonly<Record<Unpacking['format'], readonly [option: string, tool: string]>> = {
  tar: ['', 'tar'],
  'tar.gz': ['--gzip', 'gzip'],
  'tar.xz': ['--xz', 'xz'],
  'tar.bz2': ['--bzip2', 'bzip2'],
  'tar.zst': ['--zstd', 'zstd'],
};

/** The machine's programs these sources need, sorted. */
export function unpackTools(
  sources: readonly StagedSource[],
  patches: readonly StagedPatch[],
): readonly string[] {
  const filters = sources.flatMap(({unpack}) =>
    unpack === undefined ? [] : ['tar', FILTERS[unpack.format][1], ...innerTool(unpack.inner)],
  );
  return [...new Set([...filters, ...(patches.length > 0 ? ['patch'] : [])])].sort();
}

const INNER_TOOLS: readonly (readonly [RegExp, string])[] = [
  [/\.(tar\.gz|tgz)$/, 'gzip'],
  [/\.(tar\.xz|txz)$/, 'xz'],
  [/\.(tar\.bz2|tbz2?)$/, 'bzip2'],
  [/\.(tar\.zst|tzst)$/, 'zstd'],
];

function innerTool(inner: string | undefined): string[] {
  return INNER_TOOLS.filter(([name]) => name.test(inner ?? '')).map(([, tool]) => tool);
}

/** The steps `unpack` and `patch`; either is left out where there is nothing to do. */
export function unpackSteps(
  sources: readonly StagedSource[],
  patches: readonly StagedPatch[],
  top: string,
): readonly StepText[] {
  const archives = sources.filter((one) => one.unpack !== undefined && one.content.type === 'file');
  const unpack = archives.map((one, index) => unpackText(one, index)).join('');
  const patch = patches.map((one) => patchText(one, top)).join('');
  return [
    {name: 'unpack', text: unpack},
    {name: 'patch', text: patch},
  ].filter((step) => step.text !== '');
}

function unpackText(source: StagedSource, index: number): string {
  const {unpack, name} = source;
  if (unpack === undefined) return '';
  const archive = `${INSIDE.build}/${name}`;
  const into = `${INSIDE.build}/${unpack.into}`;
  const plain = unpack.inner === undefined && unpack.subdir === undefined;
  const text = plain
    ? tar(archive, into, unpack.strip, FILTERS[unpack.format][0])
    : detour(unpack, archive, into, `${INSIDE.build}/.recipes-unpack-${index}`);
  return `mkdir -p -- ${quote(into)}\n${text}`;
}

/**
 * Owners become the builder's, modes go through the umask; times stay: make compares them. A
 * leading `./` is dropped from names first: tar would count it as a folder to strip.
 */
function options(strip: number): string {
  const dots = strip === 0 ? '' : `--transform=${quote('flags=rhS;s,^\\(\\./\\)*,,')} `;
  return `--no-same-owner --no-same-permissions ${dots}--strip-components=${strip}`;
}

function tar(archive: string, into: string, strip: number, filter: string): string {
  return `tar -x ${filter} ${options(strip)} -C ${quote(into)} -f ${quote(archive)}\n`;
}

/** Through folders of their own: an archive inside the archive, or one folder of it. */
function detour(unpack: Unpacking, archive: string, into: string, aside: string): string {
  const [outer, whole] = [`${aside}/outer`, `${aside}/whole`];
  const filter = FILTERS[unpack.format][0];
  const folders = `mkdir -p -- ${quote(outer)} ${quote(whole)}\n`;
  const open =
    unpack.inner === undefined
      ? tar(archive, whole, unpack.strip, filter)
      : tar(archive, outer, 0, filter) + openInner(unpack.inner, outer, whole, unpack.strip);
  const from = unpack.subdir === undefined ? whole : `${whole}/${unpack.subdir}`;
  // Links, not copies: the whole archive may be large, and all but this is removed at once.
  const take = `cp -a --link -- ${quote(`${from}/.`)} ${quote(`${into}/`)}\n`;
  return `${folders}${open}${take}rm -rf -- ${quote(aside)}\n`;
}

/** The inner archive by its whole path, or by its path below the one top folder. */
function openInner(inner: string, outer: string, whole: string, strip: number): string {
  return [
    `_inner=${quote(`${outer}/${inner}`)}`,
    `for _one in ${quote(outer)}/*/${quote(inner)}; do`,
    `  if [[ ! -e $_inner && -e $_one ]]; then _inner=$_one; fi`,
    `done`,
    `tar -x ${options(strip)} -C ${quote(whole)} -f "$_inner"`,
    '',
  ].join('\n');
}

/** --forward: a patch that is in the source already is a mistake in the recipe, not a question. */
function patchText(patch: StagedPatch, top: string): string {
  const file = `${INSIDE.build}/${patch.name}`;
  return [
    `printf 'patch %s\\n' ${quote(patch.name)}`,
    `patch --batch --forward --no-backup-if-mismatch -p${patch.strip} -d ${quote(`${INSIDE.build}/${top}`)} -i ${quote(file)}`,
    '',
  ].join('\n');
}
