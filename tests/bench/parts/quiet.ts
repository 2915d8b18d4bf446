/**
 * Waits until the machine has nothing to do. Some tools go on after their command has ended: a server removes what
 * its sandboxes left, collects its garbage; whoever comes next must not pay for that.
 */
import fs from 'node:fs';

/** Milliseconds that are looked at in one piece, how many quiet ones are asked for, and how long at most. */
const [PIECE, PIECES, LONGEST] = [250, 4, 30_000];
/** Up to this part of the processors' time is quiet. */
const QUIET = 0.05;

export function waitForQuiet(): void {
  const until = performance.now() + LONGEST;
  let quiet = 0;
  while (quiet < PIECES && performance.now() < until) quiet = busyPart() <= QUIET ? quiet + 1 : 0;
}

/** The part of the processors' time that was used in the piece that follows. */
function busyPart(): number {
  const before = timesNow();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIECE);
  const after = timesNow();
  const all = after.all - before.all;
  return all === 0 ? 0 : 1 - (after.idle - before.idle) / all;
}

/** From proc_stat(5), in ticks: all, and those in which nothing was done. What waits for the disk is busy. */
function timesNow(): {readonly all: number; readonly idle: number} {
  const [line = ''] = fs.readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = line.split(/ +/).slice(1, 9).map(Number);
  return {all: ticks.reduce((sum, one) => sum + one, 0), idle: ticks[3] ?? 0};
}
