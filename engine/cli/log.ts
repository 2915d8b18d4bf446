/**
 * `log`: what the last run of a target, or the one before it, printed; of one that runs, what it
 * has printed so far.
 */
import {fail} from '../base/diagnostic.ts';
import {readText} from '../base/files.ts';
import {ok} from '../base/result.ts';
import {resolveTargets} from '../graph/targets.ts';
import {logsOf} from '../run/logs.ts';
import {harmless} from '../ui/text.ts';
import {openProject, openProjectStore} from './open.ts';
import {isSet, type Answer, type World} from './world.ts';

export async function log(world: World): Answer {
  const opened = await openProject(world);
  if (!opened.ok) return opened;
  const targets = resolveTargets(opened.value.graph, world.call.words);
  if (!targets.ok) return targets;
  const store = openProjectStore(world, opened.value.project);
  if (!store.ok) return store;
  const previous = isSet(world, 'previous');
  for (const label of targets.value) {
    const file = logsOf(store.value, label)[previous ? 1 : 0];
    if (file === undefined) {
      return fail('store/no-log', `${label} has no ${previous ? 'log before the last' : 'log'}`, {
        hint: `it has not run ${previous ? 'twice' : 'yet'}: recipes build ${label}`,
      });
    }
    if (isSet(world, 'path')) world.print(file);
    else world.host.stdout.write(shown(world, readText(file)));
  }
  return ok(0);
}

/** What could drive a terminal is taken out for one; colours stay. */
function shown(world: World, text: string): string {
  if (!world.host.stdout.isTerminal) return text;
  return text
    .split('\n')
    .map((line) => harmless(line, true))
    .join('\n');
}
