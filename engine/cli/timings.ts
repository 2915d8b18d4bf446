/**
 * `--trace` and `--timings`: has a command measured from the start of the process to its end, and
 * writes what came of it, whatever the outcome. Loaded only where one of them is asked for.
 */
import path from 'node:path';
import type {Checked} from '../base/diagnostic.ts';
import {writeFileAtomic} from '../base/files.ts';
import {nodeReadyTick} from '../base/host.ts';
import {ok} from '../base/result.ts';
import {Recorder} from '../run/recorder.ts';
import type {Timings} from '../ui/timings.ts';
import {guard} from '../../store/trouble.ts';
import {textOption, type Answer, type World} from './world.ts';

export async function answerTimed(world: World, answer: (world: World) => Answer): Answer {
  const recorder = new Recorder({host: world.host});
  noteStart(recorder, world);
  try {
    const answered = await answer({...world, watch: recorder});
    const ended = answered.ok && answered.value === 0 ? 'good' : 'failed';
    const written = await write(world, recorder.finish(commandOf(world), ended));
    return answered.ok && !written.ok ? written : answered;
  } catch (error) {
    await write(world, recorder.finish(commandOf(world), 'failed'));
    throw error;
  }
}

/** What was over before anything could be measured. */
function noteStart(recorder: Recorder, {host, since}: World): void {
  recorder.past('start-up', 0, since.main);
  recorder.past('start Node', 0, nodeReadyTick());
  recorder.past('load main', nodeReadyTick(), since.main);
  recorder.past('read the command line', since.main, since.call);
  recorder.past('load the command', since.call, host.tick());
}

function commandOf({call}: World): string {
  return ['recipes', call.command, ...call.words].join(' ');
}

async function write(world: World, timings: Timings): Promise<Checked<undefined>> {
  const trace = textOption(world, 'trace');
  if (trace !== undefined) {
    const {traceText} = await import('../ui/trace.ts');
    const written = writeText(world, trace, traceText(timings));
    if (!written.ok) return written;
  }
  const page = textOption(world, 'timings');
  if (page === undefined) return ok(undefined);
  const {pageText} = await import('../ui/timings-page.ts');
  return writeText(world, page, pageText(timings));
}

function writeText(world: World, file: string, text: string): Checked<undefined> {
  return guard(file, () => {
    writeFileAtomic(path.resolve(world.cwd, file), text, {durable: false});
    return undefined;
  });
}
