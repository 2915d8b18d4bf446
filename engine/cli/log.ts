/**
 * `log`: what the last run of a target, or the one before it, printed.
 */
import {fail} from '../base/diagnostic.ts';
import {readText, unless} from '../base/files.ts';
import {ok} from '../base/result.ts';
import {resolveTargets} from '../graph/targets.ts';
import {ActionLog} from '../../store/action-log.ts';
import {logIn} from '../../store/layout.ts';
import {guard} from '../../store/trouble.ts';
import {openProject, openProjectStore} from './open.ts';
import {isSet, type Answer, type World} from './world.ts';

export async function log(world: World): Answer {
  const opened = await openProject(world);
  if (!opened.ok) return opened;
  const targets = resolveTargets(opened.value.graph, world.call.words);
  if (!targets.ok) return targets;
  const store = openProjectStore(world, opened.value.project);
  if (!store.ok) return store;
  const actions = guard(store.value.root, () => ActionLog.open(store.value));
  if (!actions.ok) return actions;
  for (const label of targets.value) {
    const rows = actions.value.history(label);
    const row = rows.at(isSet(world, 'previous') ? -2 : -1);
    if (row === undefined)
      return fail(
        'store/no-log',
        `there is no log of ${label}: it never ran${isSet(world, 'previous') ? ' twice' : ''}`,
      );
    const file = logIn(store.value, row.log);
    const text = unless(['ENOENT'], () => readText(file));
    if (text === undefined) return fail('store/no-log', `the log of ${label} is gone: ${file}`);
    if (isSet(world, 'path')) world.print(file);
    else world.host.stdout.write(text);
  }
  return ok(0);
}
