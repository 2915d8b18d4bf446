/**
 * Which file answers which command. Each is loaded when it is asked for: a build with nothing to
 * do loads nothing of a shell or a doctor.
 */
import type {Answer, World} from './world.ts';

type Answerer = (world: World) => Answer;

const ANSWERS: Readonly<Record<string, () => Promise<Answerer>>> = {
  build: async () => (await import('./build.ts')).build,
  test: async () => (await import('./build.ts')).test,
  watch: async () => (await import('./watch.ts')).watch,
  list: async () => (await import('./inspect.ts')).list,
  show: async () => (await import('./show.ts')).show,
  validate: async () => (await import('./inspect.ts')).validate,
  graph: async () => (await import('./inspect.ts')).graph,
  why: async () => (await import('./inspect.ts')).why,
  deps: async () => (await import('./inspect.ts')).deps,
  rdeps: async () => (await import('./inspect.ts')).rdeps,
  explain: async () => (await import('./explain.ts')).explain,
  log: async () => (await import('./log.ts')).log,
  checkout: async () => (await import('./artifacts.ts')).checkout,
  export: async () => (await import('./export.ts')).exportTarget,
  files: async () => (await import('./artifacts.ts')).listFiles,
  owner: async () => (await import('./artifacts.ts')).owner,
  run: async () => (await import('./shell.ts')).runCommand,
  shell: async () => (await import('./shell.ts')).shell,
  doctor: async () => (await import('./doctor.ts')).doctor,
  init: async () => (await import('./start.ts')).init,
  new: async () => (await import('./start.ts')).newRecipe,
  'config show': async () => (await import('./config.ts')).showConfiguration,
  'source pin': async () => (await import('./source.ts')).pin,
  'source prefer': async () => (await import('./source.ts')).prefer,
  'schema print': async () => (await import('./config.ts')).printSchema,
  'store verify': async () => (await import('./verify.ts')).verify,
  'store reindex': async () => (await import('./verify.ts')).reindexStore,
  'store export': async () => (await import('./transfer.ts')).exportArtifacts,
  'store import': async () => (await import('./transfer.ts')).importArtifacts,
  'store gc': async () => (await import('./gc.ts')).gc,
  'store size': async () => (await import('./store.ts')).size,
  'store roots': async () => (await import('./store.ts')).roots,
  'store pin': async () => (await import('./store.ts')).pin,
  'store unpin': async () => (await import('./store.ts')).unpin,
  'root switch': async () => (await import('./switch.ts')).switchRoot,
  'root rollback': async () => (await import('./activate.ts')).rollback,
  boot: async () => (await import('./boot.ts')).bootTarget,
  'root boot': async () => (await import('./boot-generation.ts')).bootGeneration,
  'root activate': async () => (await import('./activate.ts')).activateStaged,
  'root list': async () => (await import('./generations.ts')).list,
  'root history': async () => (await import('./generations.ts')).history,
  'root diff': async () => (await import('./generations.ts')).diff,
  'root pin': async () => (await import('./generations.ts')).pin,
  'root remove': async () => (await import('./generations.ts')).remove,
  completion: async () => (await import('./completion.ts')).completion,
};

export async function answer(world: World): Answer {
  const load = ANSWERS[world.call.command];
  if (load === undefined) throw new TypeError(`no answer to ${world.call.command}`);
  const answerer = await load();
  return answerer(world);
}
