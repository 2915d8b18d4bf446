/**
 * `export`: the files of a target for others than us, with the owners and modes of its manifest: a
 * tar archive, a folder, or an image (image.ts). What is not fresh is an error that says so.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import {ok} from '../base/result.ts';
import {withRunClosure} from '../graph/closure.ts';
import {count, formatSize} from '../ui/text.ts';
import {toText} from '../../store/bytes.ts';
import {checkOut} from '../../store/checkout.ts';
import {writeTar} from '../../store/tree-tar.ts';
import {openFresh, unite, whileKept} from './artifacts.ts';
import {asImage, type Exported} from './image.ts';
import {writeOutput} from './output-file.ts';
import {isSet, textOption, type Answer, type World} from './world.ts';

export async function exportTarget(world: World): Answer {
  const opened = await openFresh(world, world.call.words);
  if (!opened.ok) return opened;
  const work = opened.value;
  const labels = isSet(world, 'withRun') ? withRunClosure(work.graph, work.targets) : work.targets;
  const entries = unite(work, labels);
  if (!entries.ok) return entries;
  const output = textOption(world, 'output') ?? '-';
  const exported = {work, labels, entries: entries.value, output};
  switch (textOption(world, 'as')) {
    case 'dir':
      return asFolder(world, exported);
    case 'ext4':
      return asImage(world, exported, 'ext4');
    case 'disk':
      return asImage(world, exported, 'disk');
    case 'qcow2':
      return asImage(world, exported, 'qcow2');
    default:
      return asTar(world, exported);
  }
}

function asTar(world: World, {work, labels, entries, output}: Exported): Checked<number> {
  let left: readonly string[] = [];
  const done = whileKept(world, work, labels, () =>
    writeOutput(world, output, (sink) => {
      const written = writeTar(work.store, entries, sink);
      if (written.ok) left = written.value;
      return written;
    }),
  );
  if (!done.ok) return done;
  if (world.call.globals.json === true && output !== '-') {
    const file = path.resolve(world.cwd, output);
    world.print(JSON.stringify({file, entries: entries.length, bytes: done.value}));
  } else {
    const place = output === '-' ? 'standard output' : output;
    world.tell(`${count(entries.length, 'path')}, ${formatSize(done.value)} in ${place}`);
  }
  tellLeft(world, left);
  return ok(0);
}

/** Copies, for whoever gets them may write to them; the owners are real where we are root. */
function asFolder(world: World, {work, labels, entries, output}: Exported): Checked<number> {
  if (output === '-') {
    return fail('usage/wrong', 'a folder is not written to standard output', {
      hint: 'use -o FOLDER',
    });
  }
  const dest = path.resolve(world.cwd, output);
  const owners = world.host.uid === 0;
  const done = whileKept(world, work, labels, () =>
    checkOut(work.store, entries, dest, {copy: true, owners}),
  );
  if (!done.ok) return done;
  const {files, left} = done.value;
  if (world.call.globals.json === true) world.print(JSON.stringify({folder: dest, files, owners}));
  else {
    const whose = owners ? '' : '; they belong to you, since only root can give files away';
    world.tell(`${count(files, 'file')} in ${dest}${whose}`);
  }
  tellLeft(world, left);
  return ok(0);
}

function tellLeft(world: World, left: readonly string[]): void {
  const [first] = left;
  if (first === undefined) return;
  const more = left.length > 1 ? ` and ${left.length - 1} more` : '';
  world.tell(`left out: /${toText(first)}${more}`);
}
