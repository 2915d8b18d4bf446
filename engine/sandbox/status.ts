/**
 * Reads what the step shell reported (format: steps.ts). Everything in these files is written by
 * the build, so nothing is trusted beyond messages; absent files are normal.
 */
import * as files from '../base/files.ts';
import {fromBytes, toText} from '../../store/bytes.ts';

export interface StepBegun {
  /** The step's file name, `02-compile`. */
  readonly file: string;
  /** The folder it began in. */
  readonly cwd: string;
}

export interface ShellReport {
  readonly begun: boolean;
  readonly done: boolean;
  readonly steps: readonly StepBegun[];
  readonly cwd: string | undefined;
  readonly cpuMilliseconds: number | undefined;
  /** Left-over processes: `pid command`. */
  readonly others: readonly string[];
}

export function readReport(folder: string): ShellReport {
  const done = readSome(`${folder}/done`);
  const begun = done !== undefined || files.exists(`${folder}/begun`);
  const common = {begun, done: done !== undefined, steps: readSteps(folder)};
  if (done !== undefined) {
    return {...common, cwd: undefined, cpuMilliseconds: cpuTime(done), others: []};
  }
  const others = readSome(`${folder}/others`) ?? '';
  return {
    ...common,
    cwd: readSome(`${folder}/cwd`),
    cpuMilliseconds: cpuTime(readSome(`${folder}/times`) ?? ''),
    others: others.split('\n').flatMap((line) => (line === '' ? [] : [line.trim()])),
  };
}

/** Copies a report to a folder that is to be made, for whoever opens the failed build later. */
export function keepReport(status: string, folder: string): void {
  files.makeDir(folder, 0o755);
  for (const name of REPORT) {
    if (isPlain(`${status}/${name}`)) files.copyFile(`${status}/${name}`, `${folder}/${name}`);
  }
}

const REPORT = ['begun', 'steps', 'cwd', 'times', 'others', 'done'];

/** The steps begun so far. */
export function readSteps(folder: string): readonly StepBegun[] {
  const parts = (readSome(`${folder}/steps`) ?? '').split('\0');
  const steps: StepBegun[] = [];
  for (let at = 0; at + 2 < parts.length; at += 2) {
    steps.push({file: parts[at] ?? '', cwd: parts[at + 1] ?? ''});
  }
  return steps;
}

/** What a timed shell has noted of its steps' times; undefined where there is nothing. */
export function readClock(folder: string): string | undefined {
  return readSome(`${folder}/clock`);
}

/** A build could put anything in place of these files: only plain, small ones are read. */
function readSome(file: string): string | undefined {
  if (!isPlain(file)) return undefined;
  const bytes = files.readFile(file);
  return bytes.includes(0)
    ? fromBytes(bytes).split('\0').map(toText).join('\0')
    : toText(fromBytes(bytes)).replaceAll('\\012', '\n');
}

function isPlain(file: string): boolean {
  const stat = files.lookAt(file);
  return stat?.isFile() === true && stat.size <= 1 << 20;
}

/** The sum of the four times of times(1p), `0m1.234s`; undefined when they are not there. */
function cpuTime(text: string): number | undefined {
  const found = [...text.matchAll(/(\d{1,9})m(\d{1,2})[.,](\d{3})s/g)];
  if (found.length === 0) return undefined;
  return found.reduce(
    (sum, [, minutes, seconds, thousandths]) =>
      sum + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(thousandths),
    0,
  );
}
