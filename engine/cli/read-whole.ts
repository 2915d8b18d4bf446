/**
 * Reads and links the recipes of a project, all of them or those that have changed.
 * Every mistake of every file is reported.
 */
import type {Checked} from '../base/diagnostic.ts';
import {err, ok} from '../base/result.ts';
import {timed} from '../base/span.ts';
import {linkProject} from '../graph/link.ts';
import {readProject, type LoadRequest, type Previous} from '../load/project.ts';
import {allMistakes} from './mistakes.ts';
import type {OpenProject} from './project-cache.ts';
import type {World} from './world.ts';

/** Warnings are shown to people. */
export async function readWhole(
  world: World,
  request: LoadRequest,
  previous?: Previous,
): Promise<Checked<OpenProject>> {
  const {engine} = world.watch;
  const read = timed(engine, 'engine', 'load recipes', () => readProject(request, previous));
  if (!read.ok) return read;
  const {project, errors, warnings, inputs} = read.value;
  if (errors.length > 0) return err([...allMistakes(read.value), ...warnings]);
  if (warnings.length > 0) await world.show(warnings);
  const graph = timed(engine, 'engine', 'link', () => linkProject(project));
  return graph.ok ? ok({project, graph: graph.value, inputs}) : graph;
}
