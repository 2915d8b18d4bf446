/**
 * From a place as written (`gnu:hello/hello-2.10.tar.gz`, or a full URL) to the URLs to try.
 * Knows aliases, mirrors and the `debian:` archive; opens no connection.
 */
import type {Host} from '../base/host.ts';
import type {Config} from '../load/model.ts';
import {archiveRoots} from './debian.ts';

/** Where apt's configuration is when it is not in the usual place (chroots, tests). */
const APT_VARIABLE = 'RECIPES_APT_DIR';

/**
 * The URLs of a place in the order to try them, each once; mirrors before what they mirror.
 * Empty when the alias is unknown, or when `debian:` is asked for and apt has no archive.
 */
export function resolvePlace(url: string, config: Config, host: Host): readonly string[] {
  const written = splitAlias(url);
  const urls =
    written === undefined
      ? [url]
      : prefixesOf(written.alias, config, host).map((prefix) => join(prefix, written.rest));
  return [...new Set(urls.flatMap((one) => [...mirrorsOf(one, config), one]))];
}

/** `alias:path`; undefined for a full URL (`scheme://…`, `file:/…`). */
export function splitAlias(url: string): {alias: string; rest: string} | undefined {
  const match = /^([A-Za-z][A-Za-z0-9+._-]*):(?!\/\/)(.*)$/s.exec(url);
  const [, alias = '', rest = ''] = match ?? [];
  return match === null || alias === 'file' ? undefined : {alias, rest};
}

function prefixesOf(alias: string, config: Config, host: Host): readonly string[] {
  const own = Object.hasOwn(config.aliases, alias) ? (config.aliases[alias] ?? []) : [];
  if (alias !== 'debian') return own;
  return [...own, ...archiveRoots(host.env[APT_VARIABLE] ?? '/etc/apt')];
}

/** The same file at the mirrors; those of the longest fitting prefix first. */
function mirrorsOf(url: string, config: Config): readonly string[] {
  return Object.entries(config.mirrors)
    .filter(([prefix]) => isBelow(url, prefix))
    .sort(([a], [b]) => b.length - a.length)
    .flatMap(([prefix, mirrors]) =>
      mirrors.map((mirror) => join(mirror, url.slice(prefix.length).replace(/^\/+/, ''))),
    );
}

/** Whether a prefix ends where a part of the path ends: `…/gnu` is none of `…/gnupg/x`. */
function isBelow(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && (prefix.endsWith('/') || url.charAt(prefix.length) === '/');
}

function join(prefix: string, rest: string): string {
  return `${prefix.replace(/\/+$/, '')}/${rest.replace(/^\/+/, '')}`;
}
