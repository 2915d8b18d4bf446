/**
 * Makes one fetch node for each source of a package, however many of its builds use it.
 * Knows nothing of downloading.
 */
import {canonicalJson} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {Bug} from '../base/result.ts';
import type {Build, Source} from '../load/model.ts';
import type {FetchNode} from './model.ts';

/** The fetch node of a build's source: one that is there already, or a new one put there. */
export function fetchNodeFor(
  known: Map<Label, FetchNode>,
  build: Build,
  source: Source,
): FetchNode {
  const {collection, package: name, build: variant} = build.parts;
  const file = source.placement.name;
  // Builds may differ in what they call by one name (a condition on a source): then both are kept.
  for (const owner of [`${collection}/${name}`, `${collection}/${name}:${variant}`]) {
    const label = `${owner}@${file}` as Label;
    const there = known.get(label);
    if (there !== undefined && identityOf(there.source) !== identityOf(source)) continue;
    const node: FetchNode = there ?? {label, kind: 'fetch', source, dependencies: []};
    known.set(label, node);
    return node;
  }
  throw new Bug(`${collection}/${name}:${variant} has two sources called ${file}`);
}

/** What is fetched and from where; how it is unpacked is each build's own business. */
function identityOf(source: Source): string {
  switch (source.type) {
    case 'remote':
      return canonicalJson(source.places.map((place) => [place.url, place.sha256]));
    case 'git':
      return canonicalJson(['git', source.url, source.rev]);
    case 'path':
      return canonicalJson(['path', source.path, source.ignore]);
  }
}
