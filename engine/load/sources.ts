/**
 * The sources and patches of a recipe: where they come from and where they lie below /build.
 * Fetches and unpacks nothing; looks at the disk only to tell files from folders beside the recipe.
 */
import path from 'node:path';
import type {Source as SourceFile} from '../../schemas/types/recipe.ts';
import type {Location} from '../base/diagnostic.ts';
import {leadsToFile} from '../base/files.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import {parseSize} from './measure.ts';
import type {Patch, Place, Placement, Source} from './model.ts';
import {keyAt, placeAt, type Path} from './nodes.ts';
import {globError, isArchiveName, nameError, pathError, withoutSuffix} from './paths.ts';
import {holds, report, textAt, textsAt, type Work} from './work.ts';

export interface Materials {
  readonly sources: readonly Source[];
  readonly patches: readonly Patch[];
  /** The folder below /build in which the steps start. */
  readonly top: string;
}

/** All sources and patches whose conditions hold, in the order written. */
export function readMaterials(work: Work): Materials {
  const top = topFolder(work);
  const sources = (work.recipe.data.sources ?? []).flatMap((source, index) => {
    const made = readSource(work, source, ['sources', index], top);
    return holds(work, ['sources', index]) && made !== undefined ? [made] : [];
  });
  const patches = (work.recipe.data.patches ?? []).flatMap((patch, index) => {
    const made = readPatch(work, patch.strip ?? 1, ['patches', index]);
    return holds(work, ['patches', index]) && made !== undefined ? [made] : [];
  });
  checkNames(work, sources, patches, top);
  return {sources, patches, top};
}

/** The name a recipe gives its first unpacked source, else `package-version`. */
function topFolder(work: Work): string {
  const usual = `${work.recipe.data.package}-${work.recipe.data.version}`;
  const first = (work.recipe.data.sources ?? []).findIndex((source) =>
    isFolderSource(work, source),
  );
  const name = first < 0 ? undefined : work.recipe.data.sources?.[first]?.name;
  if (name === undefined) return usual;
  const expanded = textAt(work, ['sources', first, 'name']) ?? usual;
  return nameError(expanded) === undefined ? withoutSuffix(expanded) : usual;
}

/** Whether a source ends up as a folder: an archive, a folder of this machine, a repository. */
function isFolderSource(work: Work, source: SourceFile): boolean {
  if (source.unpack === false) return false;
  if (source.url === undefined) return true;
  return typeof source.unpack === 'string' || isArchiveName(source.name ?? baseName(source.url));
}

function readSource(work: Work, source: SourceFile, at: Path, top: string): Source | undefined {
  const place = keyAt(work.recipe.root, at);
  if (source.git !== undefined) return gitSource(work, source, at, top, place);
  if (source.path !== undefined) return pathSource(work, source, at, top, place);
  if (source.url === undefined) return undefined;
  const first = readPlace(work, at);
  const others = (source.or ?? []).map((_, index) => readPlace(work, [...at, 'or', index]));
  const placement = readPlacement(work, source, at, top, baseName(first.url));
  const size = source.size === undefined ? undefined : parseSize(source.size);
  return {type: 'remote', at: place, placement, places: [first, ...others], size};
}

function readPlace(work: Work, path: Path): Place {
  const url = textAt(work, [...path, 'url']) ?? '';
  const at = placeAt(work.recipe.root, [...path, 'url']);
  checkUrl(work, url, at);
  const sha256 = textAt(work, [...path, 'sha256']) ?? '';
  return {url, sha256, at};
}

const SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'file']);

function checkUrl(work: Work, url: string, at: Location): void {
  const scheme = url.slice(0, url.indexOf(':'));
  const {aliases} = work.surroundings;
  const full = /^[^:]*:\/\//.test(url) || scheme === 'file';
  if (full && !SCHEMES.has(scheme.toLowerCase())) {
    const message = `nothing is fetched by ${scheme}:`;
    report(work, 'recipe/bad-source', message, at, 'use https, http, file, or `git:` with `rev:`');
  }
  if (full || aliases.has(scheme)) return;
  const hint =
    didYouMean(similarTo(scheme, aliases)) ?? 'add it to `aliases:` of the configuration';
  report(work, 'recipe/bad-source', `there is no alias \`${scheme}\``, at, hint);
}

function pathSource(
  work: Work,
  source: SourceFile,
  at: Path,
  top: string,
  place: Location,
): Source {
  const written = textAt(work, [...at, 'path']) ?? '';
  const file = path.resolve(folderOf(work, [...at, 'path']), written);
  const isFile = leadsToFile(file);
  const placement = readPlacement(work, source, at, top, isFile ? path.basename(file) : undefined);
  const ignore = readGlobs(work, [...at, 'ignore']);
  return {type: 'path', at: place, placement, path: file, ignore};
}

function gitSource(work: Work, source: SourceFile, at: Path, top: string, place: Location): Source {
  const url = textAt(work, [...at, 'git']) ?? '';
  const rev = textAt(work, [...at, 'rev']) ?? '';
  const {root} = work.recipe;
  if (!/^(https?|file|git|ssh):\/\//.test(url)) {
    const hint = 'use https, http, git, ssh or file';
    report(
      work,
      'recipe/bad-source',
      `${url} is no URL of a repository`,
      placeAt(root, [...at, 'git']),
      hint,
    );
  }
  if (source.rev !== undefined && !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(rev)) {
    const message = `a commit is its full id, 40 (or 64) hex digits: ${rev}`;
    report(work, 'recipe/bad-source', message, placeAt(root, [...at, 'rev']));
  }
  return {
    type: 'git',
    at: place,
    placement: readPlacement(work, source, at, top, undefined),
    url,
    rev,
  };
}

/** `usual` is the name of a file; undefined for a folder, which lies where it would be unpacked. */
function readPlacement(
  work: Work,
  source: SourceFile,
  at: Path,
  top: string,
  usual: string | undefined,
): Placement {
  const own = checked(work, [...at, 'name'], nameError);
  const into =
    checked(work, [...at, 'into'], pathError) ?? (usual === undefined ? own : undefined) ?? top;
  const name = own ?? usual ?? into;
  const inner =
    typeof source.unpack === 'string' ? checked(work, [...at, 'unpack'], pathError) : undefined;
  const auto = inner === undefined || inner === 'auto';
  return {
    name,
    strip: source.strip ?? 1,
    into: clean(into),
    subdir: checked(work, [...at, 'subdir'], pathError),
    unpack: source.unpack === false ? false : auto ? 'auto' : {inner},
  };
}

/** A path without `.` parts and doubled or final slashes. */
function clean(text: string): string {
  return path.posix.normalize(text).replace(/\/$/, '');
}

/** The text at a path when it keeps a rule; undefined (and reported) when it breaks it. */
function checked(
  work: Work,
  at: Path,
  rule: (text: string) => string | undefined,
): string | undefined {
  const text = textAt(work, at);
  const error = text === undefined ? undefined : rule(text);
  if (error === undefined) return text;
  const message = `\`${String(at.at(-1))}\` ${error}: ${text ?? ''}`;
  report(work, 'recipe/bad-path', message, placeAt(work.recipe.root, at));
  return undefined;
}

function readPatch(work: Work, strip: number, at: Path): Patch | undefined {
  const written = checked(work, [...at, 'file'], pathError);
  if (written === undefined) return undefined;
  const file = path.resolve(folderOf(work, [...at, 'file']), written);
  const place = placeAt(work.recipe.root, [...at, 'file']);
  if (!work.surroundings.isFile(file))
    report(work, 'recipe/missing-file', `there is no file ${written} beside the recipe`, place);
  return {file, name: path.basename(file), strip, at: place};
}

/** Globs of paths, those that can match nothing reported. */
export function readGlobs(work: Work, at: Path): string[] {
  return textsAt(work, at).map(({text, at: place}) => {
    const error = globError(text);
    if (error !== undefined) report(work, 'recipe/bad-glob', `the glob ${error}: ${text}`, place);
    return text;
  });
}

/** All lie in /build under their names, so these must differ, also from the folder's. */
function checkNames(
  work: Work,
  sources: readonly Source[],
  patches: readonly Patch[],
  top: string,
): void {
  const files = [
    ...sources.map(({placement, type, at}) => ({
      name: placement.name,
      at,
      isFile: type === 'remote',
    })),
    ...patches.map(({name, at}) => ({name, at, isFile: true})),
  ];
  const seen = new Map<string, Location>();
  for (const {name, at, isFile} of files) {
    const first = seen.get(name);
    if (first !== undefined) {
      const message = `two sources are named ${name} (the other in line ${first.line})`;
      report(work, 'recipe/bad-source', message, at, 'give one of them another `name:`');
    } else if (isFile && name === top)
      report(
        work,
        'recipe/bad-source',
        `${name} is the name of the folder that is built in`,
        at,
        NAME,
      );
    seen.set(name, first ?? at);
  }
}

const NAME = 'give the source another `name:`';

/** The folder of the file in which a value is written: that of a base for what is inherited. */
function folderOf(work: Work, at: Path): string {
  return path.dirname(path.resolve(work.surroundings.root, placeAt(work.recipe.root, at).file));
}

/** The last part of a place, without query and fragment. */
function baseName(url: string): string {
  const [bare = ''] = url.replace(/^[^:/]*:/, '').split(/[?#]/, 1);
  return bare.slice(bare.lastIndexOf('/') + 1);
}
