/**
 * `watch`: builds, and builds again whenever something has changed that the targets are made
 * from. Ends by q, Ctrl-C or a signal; what a watch does is watch-session.ts's business.
 */
import {err, ok} from '../base/result.ts';
import {createReporter} from '../ui/reporter.ts';
import {progressOf, testsOf, wordsOf} from './build.ts';
import {listenToKeys} from './watch-keys.ts';
import {WatchSession} from './watch-session.ts';
import {excerptReader, textOption, type Answer, type World} from './world.ts';

export async function watch(world: World): Answer {
  const {host} = world;
  const reporter = createReporter(progressOf(world), {
    host,
    color: world.call.globals.color,
    verbose: world.call.globals.verbose === true,
    readText: excerptReader(world.cwd),
  });
  const which = textOption(world, 'tests') ?? 'none';
  let session: WatchSession | undefined;
  const giveBack = listenToKeys(host, (command) => session?.obey(command));
  try {
    session = new WatchSession(world, {
      words: wordsOf(world),
      widen: (graph, targets) => [...targets, ...testsOf(graph, targets, which)],
      listener: reporter.listener,
      keys: giveBack !== undefined,
    });
    world.onInterrupt((signal) => {
      session?.stop(signal);
      return 'taken';
    });
    const hopeless = await session.run();
    return hopeless.length > 0 ? err(hopeless) : ok(0);
  } finally {
    reporter.close();
    giveBack?.();
  }
}
