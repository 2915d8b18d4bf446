/**
 * `source pin` and `source prefer`: the sha256 of a new source, and the choice among places.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import {readText, writeFileAtomic} from '../base/files.ts';
import {blobDigest} from '../base/hash.ts';
import {ok} from '../base/result.ts';
import {resolveTargets} from '../graph/targets.ts';
import {fetchesOf} from '../run/plan.ts';
import {guard} from '../../store/trouble.ts';
import {openProject, openWork} from './open.ts';
import {pinUrl} from './pin.ts';
import {textOption, type Answer, type World} from './world.ts';

export async function pin(world: World): Answer {
  const opened = await openProject(world);
  if (!opened.ok) return opened;
  const {project, graph} = opened.value;
  const [url = ''] = world.call.words;
  const got = await pinUrl(world, project, url);
  if (!got.ok) return got;
  const {sha256, size} = got.value;
  if (world.call.globals.json === true) world.print(JSON.stringify({url, sha256, size}));
  else world.print(`- url: ${url}\n  sha256: ${sha256}\n  size: ${size}`);
  const word = textOption(world, 'write');
  if (word === undefined) return ok(0);
  const targets = resolveTargets(graph, [word]);
  if (!targets.ok) return targets;
  const recipe = project.recipes.find(
    (one) => targets.value[0]?.startsWith(`${one.collection}/${one.package}`) === true,
  );
  if (recipe === undefined) return fail('usage/wrong', `${word} has no recipe`);
  const written = writePin(recipe.file, url, sha256);
  if (written.ok) world.tell(`wrote the sha256 into ${path.relative(world.cwd, recipe.file)}`);
  return written.ok ? ok(0) : written;
}

/** Puts the digest on the `sha256:` line after the line that names the url; all else stays. */
function writePin(file: string, url: string, sha256: string): Checked<undefined> {
  const lines = readText(file).split('\n');
  const at = lines.findIndex((line) => line.includes('url:') && line.includes(lastPart(url)));
  const digest =
    at < 0 ? -1 : lines.findIndex((line, index) => index >= at && line.includes('sha256:'));
  if (digest < 0) {
    return fail('usage/wrong', `${file} has no source with that url and a sha256 line`, {
      hint: 'write the lines printed above into its sources',
    });
  }
  lines[digest] = (lines[digest] ?? '').replace(
    /sha256:\s*["']?[0-9A-Za-z]*["']?/,
    `sha256: ${sha256}`,
  );
  return guard(file, () => {
    writeFileAtomic(file, lines.join('\n'));
    return undefined;
  });
}

function lastPart(url: string): string {
  return url.split('/').at(-1) ?? url;
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
