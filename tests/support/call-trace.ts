/**
 * Counts with strace(1) what a command does to files, and compares it with the numbered calls of
 * engine/base/crash.ts: every system call that changes a file, made by a thread of the engine or
 * of the worker, has to lie between the two marks of a numbered call.
 */
import {MARKS} from '../../engine/base/crash.ts';

/** All that change files or make them durable; `?`: not known to every strace. */
const MUTATING = [
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['unlink', 'unlinkat', 'mkdir', 'mkdirat', 'rmdir', 'mknod', 'mknodat', 'creat'],
  ...['open', 'openat', 'openat2', 'write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'],
  ...['copy_file_range', 'sendfile', 'splice', 'truncate', 'ftruncate', 'fallocate', 'ioctl'],
  ...['chmod', 'fchmod', 'fchmodat', '?fchmodat2', 'chown', 'fchown', 'lchown', 'fchownat'],
  ...['utime', 'utimes', 'futimesat', 'utimensat', 'fsync', 'fdatasync', 'syncfs', 'sync'],
  ...['setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr'],
  ...['mount', 'umount2', 'io_uring_enter'],
];
const FOLLOWED = ['kill', 'clone', 'clone3', 'fork', 'vfork', 'execve'];

/** The words before a command, to have strace write what it does to a file. */
export function straceInto(file: string): string[] {
  const calls = `trace=${[...MUTATING, ...FOLLOWED].join(',')}`;
  return ['strace', '-f', '--seccomp-bpf', '-y', '--decode-pids=pidns', '-qq', '-o', file].concat([
    '-s',
    '8',
    '-e',
    'signal=none',
    '-e',
    calls,
  ]);
}

/** What the main thread of a process and all its threads did. */
export interface Traced {
  /** How many numbered calls it has made. */
  readonly numbered: number;
  /** Numbered calls by what they were for the kernel: `rename` → 7; several calls: `open+write`. */
  readonly inside: Readonly<Record<string, number>>;
  /** System calls between marks that change files. */
  readonly mutating: number;
  /** Numbered calls that changed no file, by what was written to: they are counted all the same. */
  readonly idle: Readonly<Record<string, number>>;
  /** Numbered calls that are several system calls, by which. */
  readonly several: Readonly<Record<string, number>>;
  /** Calls outside of marks that are none of the store's, by the reason. */
  readonly exceptions: Readonly<Record<string, number>>;
  /** Calls outside of marks that change files. There should be none. */
  readonly unnumbered: readonly string[];
  /** For each numbered call: whether anybody else changed files between it and the next. */
  readonly disturbed: readonly boolean[];
}

interface Call {
  readonly pid: number;
  readonly name: string;
  /** Arguments and result. */
  readonly text: string;
}

/** What a traced command did, by process; `worker` undefined: none was started. */
export function readTrace(text: string): {engine: Traced; worker: Traced | undefined} {
  const calls = parseCalls(text);
  const first = calls[0]?.pid ?? 0;
  const marked = new Set(calls.filter((call) => markOf(call) !== undefined).map((one) => one.pid));
  marked.delete(first);
  const [worker, ...others] = marked;
  if (others.length > 0)
    throw new Error(`${String(others.length + 2)} processes number their calls`);
  const engine = traceOf(calls, first);
  return {engine, worker: worker === undefined ? undefined : traceOf(calls, worker)};
}

// --- reading ---------------------------------------------------------------------------------------

/** Joins what strace has split because another thread came in between; in order of beginning. */
function parseCalls(text: string): Call[] {
  const calls: {pid: number; name: string; text: string}[] = [];
  const open = new Map<number, {text: string}>();
  for (const line of text.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [, end] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    if (end !== undefined) {
      const begun = open.get(Number(pid));
      if (begun !== undefined) begun.text += end;
      continue;
    }
    const [, name = '', all = ''] = /^(\w+)\((.*)$/.exec(rest) ?? [];
    if (name === '') continue;
    const call = {pid: Number(pid), name, text: all.replace(/ <unfinished \.\.\.>$/, '')};
    calls.push(call);
    open.set(call.pid, call);
  }
  return calls;
}

/** The number of a mark: twice that of the call when it begins, one more when it ends. */
function markOf(call: Call): number | undefined {
  if (call.name !== 'kill') return undefined;
  const number = Number(/^(\d+)/.exec(call.text)?.[1] ?? 0) - MARKS;
  return number > 0 ? number : undefined;
}

/** The id of a new process as the tracer has it; undefined where none was made. */
function childOf(call: Call): number | undefined {
  if (!/^(v?fork|clone3?)$/.test(call.name)) return undefined;
  const [, own, outer] = /= (\d+)(?: \/\* (\d+) in strace's PID NS \*\/)?$/.exec(call.text) ?? [];
  return own === undefined ? undefined : Number(outer ?? own);
}

/** The threads of a process from the program on that it is now. */
function threadsOf(calls: readonly Call[], pid: number): {threads: Set<number>; from: number} {
  const from = calls.findLastIndex((call) => call.pid === pid && call.name === 'execve');
  const threads = new Set([pid]);
  for (const call of calls.slice(Math.max(from, 0))) {
    const child = childOf(call);
    if (child !== undefined && threads.has(call.pid) && call.text.includes('CLONE_THREAD')) {
      threads.add(child);
    }
  }
  return {threads, from};
}

// --- judging ---------------------------------------------------------------------------------------

function traceOf(all: readonly Call[], pid: number): Traced {
  const {threads, from} = threadsOf(all, pid);
  const judge = new Judge(pid, threads);
  for (const call of all.slice(Math.max(from, 0))) judge.take(call);
  return judge.result();
}

/** Invariant: has taken all calls of all processes in their order up to now. */
class Judge {
  readonly #pid: number;
  readonly #threads: ReadonlySet<number>;
  readonly #inside: Counts = new Map();
  readonly #idle: Counts = new Map();
  readonly #several: Counts = new Map();
  readonly #exceptions: Counts = new Map();
  readonly #unnumbered: string[] = [];
  readonly #disturbed: boolean[] = [];
  #numbered = 0;
  #mutating = 0;
  /** What others have changed since the last mark. */
  #others = 0;
  /** What the numbered call under way has come to; undefined between such calls. */
  #current: {readonly changes: string[]; readonly idle: string[]} | undefined;

  constructor(pid: number, threads: ReadonlySet<number>) {
    this.#pid = pid;
    this.#threads = threads;
  }

  take(call: Call): void {
    const mark = call.pid === this.#pid ? markOf(call) : undefined;
    if (mark !== undefined) this.#mark(mark % 2 === 0);
    else if (!FOLLOWED.includes(call.name)) this.#judge(call, harmless(call));
  }

  result(): Traced {
    return {
      ...{numbered: this.#numbered, mutating: this.#mutating, unnumbered: this.#unnumbered},
      ...{inside: plain(this.#inside), idle: plain(this.#idle), several: plain(this.#several)},
      exceptions: plain(this.#exceptions),
      disturbed: [...this.#disturbed, this.#others > 0],
    };
  }

  #mark(begins: boolean): void {
    if (begins) {
      if (this.#numbered > 0) this.#disturbed.push(this.#others > 0);
      this.#numbered += 1;
      this.#current = {changes: [], idle: []};
    } else {
      this.#note(this.#current?.changes ?? [], this.#current?.idle ?? []);
      this.#current = undefined;
    }
    this.#others = 0;
  }

  #judge(call: Call, reason: string | undefined): void {
    if (reason === READS) return;
    // A process below, or the other of the two.
    if (!this.#threads.has(call.pid)) this.#others += reason === undefined ? 1 : 0;
    else if (this.#current !== undefined && call.pid === this.#pid) {
      if (reason === undefined) this.#current.changes.push(call.name);
      else this.#current.idle.push(reason);
    } else if (reason === undefined) this.#unnumbered.push(`${call.name}(${call.text}`);
    else count(this.#exceptions, reason);
  }

  /** What one numbered call was. */
  #note(changes: readonly string[], idle: readonly string[]): void {
    this.#mutating += changes.length;
    if (changes.length === 0) count(this.#idle, idle[0] ?? 'no call');
    else count(this.#inside, changes.join('+'));
    if (changes.length > 1) count(this.#several, changes.join('+'));
  }
}

type Counts = Map<string, number>;

function count(counts: Counts, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function plain(counts: Counts): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

const READS = 'only reads';

/** Why a call changes no file of ours; undefined: it does change one. */
function harmless({name, text}: Call): string | undefined {
  if (/^open(at2?)?$/.test(name)) return /O_CREAT|O_TRUNC/.test(text) ? undefined : READS;
  if (name === 'ioctl') return /FICLONE|FIDEDUPE/.test(text) ? undefined : READS;
  if (!/^(write|pwrite|writev|pwritev|sendfile|splice)/.test(name)) return undefined;
  const target = /^\d+<(.*?)>,/.exec(text)?.[1] ?? '';
  return PLACES.find(([pattern]) => pattern.test(target))?.[1];
}

/** What is written to and is no file on a disk. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^pipe:/, "pipes: output, helper programs, Node's own between its threads"],
  [/^socket:/, 'sockets: the other process, helper programs'],
  [/^anon_inode:/, "eventfd: Node's own between its threads"],
  [/^\/dev\//, 'devices: the terminal, /dev/null'],
  [/^\/proc\//, '/proc: id maps of the namespace'],
];
