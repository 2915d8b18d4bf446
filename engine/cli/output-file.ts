/**
 * What a command writes as one file, or to standard output: a file appears whole, durable, or not
 * at all. Knows nothing of what is in it.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {err, ok} from '../base/result.ts';
import type {Sink} from '../../store/pool-pieces.ts';
import {guard, StoreFault, storeTrouble} from '../../store/trouble.ts';
import type {World} from './world.ts';

const STDOUT = 1;

/** Gives how many bytes were written; `output` is `-` or a file. */
export function writeOutput(
  world: World,
  output: string,
  write: (sink: Sink) => Checked<unknown>,
): Checked<number> {
  if (output === '-') return writeAll(STDOUT, 'standard output', write);
  const file = path.resolve(world.cwd, output);
  const temporary = `${file}.partial-${randomBytes(4).toString('hex')}`;
  try {
    // A device would be replaced by a file, for everybody.
    if (files.lookAt(file)?.isFile() === false) {
      return fail('usage/wrong', `${file} is there and is no file`, {hint: 'use -o - and > or |'});
    }
    const fd = files.createFile(temporary, 0o644);
    try {
      const done = writeAll(fd, file, write);
      if (!done.ok) return done;
      files.syncFile(fd);
      files.rename(temporary, file);
      return done;
    } finally {
      files.closeFile(fd);
      files.unless(['ENOENT'], () => files.unlink(temporary));
    }
  } catch (error) {
    return err(storeTrouble(error, file));
  }
}

/** `place`: where it goes, for people. */
function writeAll(
  fd: number,
  place: string,
  write: (sink: Sink) => Checked<unknown>,
): Checked<number> {
  let bytes = 0;
  const done = write((piece) => {
    const written = guard(place, () => {
      files.writeAll(fd, piece);
    });
    // Else it would be told as trouble of the store.
    if (!written.ok) throw new StoreFault(written.error);
    bytes += piece.length;
  });
  return done.ok ? ok(bytes) : done;
}
