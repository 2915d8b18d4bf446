/**
 * `source pin` and `source prefer`: the sha256 of a new source, and the choice among places.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import {readText, unless, writeFileAtomic} from '../base/files.ts';
import {blobDigest} from '../base/hash.ts';
import {parseLabel} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {placesOf, withDigest} from '../load/pin.ts';
import {fetchesOf} from '../run/plan.ts';
import {guard} from '../../store/trouble.ts';
import {openWork} from './open.ts';
import {openConfig, pinUrl} from './pin.ts';
import {textOption, type Answer, type World} from './world.ts';

export async function pin(world: World): Answer {
  const opened = openConfig(world);
  if (!opened.ok) return opened;
  const {root, config} = opened.value;
  const [url = ''] = world.call.words;
  const got = await pinUrl(world, config, url);
  if (!got.ok) return got;
  const {sha256, size} = got.value;
  if (world.call.globals.json === true) world.print(JSON.stringify({url, sha256, size}));
  else world.print(`- url: ${url}\n  sha256: ${sha256}\n  size: ${size}`);
  const word = textOption(world, 'write');
  if (word === undefined) return ok(0);
  const written = writePin(world, root, word, url, sha256);
  if (!written.ok) return written;
  world.tell(`wrote the sha256 into ${written.value}`);
  return ok(0);
}

/** Sets the digest of the place with that url; everything else of the file stays as it is. */
function writePin(
  world: World,
  root: string,
  word: string,
  url: string,
  sha256: string,
): Checked<string> {
  const label = parseLabel(word);
  if (label?.collection === undefined) {
    return fail('usage/wrong', `'${word}' is not collection/package`);
  }
  const {collection, package: name} = label;
  const shown = `recipes/${collection}/${name}.yaml`;
  const file = path.join(root, shown);
  const text = unless(['ENOENT'], () => readText(file));
  if (text === undefined) return fail('usage/wrong', `there is no ${shown}`);
  const places = placesOf(shown, text, {collection, package: name, arch: world.host.arch});
  if (!places.ok) return places;
  const place = places.value.find((one) => one.url === url);
  if (place === undefined) {
    const hint = 'write the lines printed above into its sources';
    return fail('usage/wrong', `${shown} has no source with that url`, {hint});
  }
  return guard(file, () => {
    writeFileAtomic(file, withDigest(text, place, sha256));
    return shown;
  });
}

/** `source prefer LABEL N`: the N-th place of every source of the build that has so many. */
export async function prefer(world: World): Answer {
  const [word = '', text = ''] = world.call.words;
  const number = Number(text);
  const opened = await openWork(world, [word]);
  if (!opened.ok) return opened;
  const {graph, resolver, targets} = opened.value;
  let set = 0;
  for (const label of targets) {
    const node = graph.nodes.get(label);
    if (node?.kind !== 'build') continue;
    for (const fetch of fetchesOf(graph, label)) {
      const place = fetch.source.type === 'remote' ? fetch.source.places[number - 1] : undefined;
      if (place === undefined) continue;
      resolver.choose(fetch.label, blobDigest(place.sha256));
      world.tell(`${label}: ${fetch.source.placement.name} from ${place.url}`);
      set += 1;
    }
  }
  return set > 0 ? ok(0) : fail('usage/wrong', `no source of ${word} has a place number ${text}`);
}
