/**
 * The bytes of a compressed archive, unpacked piece by piece: gzip by zlib, the others by the
 * machine's xz, zstd and bzip2, each with a bound on the memory an archive can ask for.
 * Knows nothing of what the bytes mean.
 */
import {Readable} from 'node:stream';
import {createGunzip} from 'node:zlib';
import {closeFile, openRead, readInto} from '../base/files.ts';
import {start, type ChildProcess} from '../base/process.ts';
import type {ArchiveFormat} from './archive-names.ts';

/** Why unpacking ended early: the program is missing, or the data are no such format. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError';
  readonly missing: string | undefined;

  constructor(message: string, missing?: string) {
    super(message);
    this.missing = missing;
  }
}

/** A dictionary of 256 MiB is more than any level of these programs makes. */
const COMMANDS: Readonly<Record<'tar.xz' | 'tar.bz2' | 'tar.zst', readonly string[]>> = {
  'tar.xz': ['xz', '--decompress', '--stdout', '--threads=1', '--memlimit-decompress=256MiB'],
  'tar.bz2': ['bzip2', '--decompress', '--stdout'],
  'tar.zst': ['zstd', '--decompress', '--stdout', '--quiet', '--memory=256MB'],
};

/** The unpacked bytes; throws `UnpackError`. Leaving the loop ends the work behind it. */
export async function* unpack(file: string, format: ArchiveFormat): AsyncGenerator<Buffer> {
  const fd = openRead(file);
  try {
    if (format === 'tar') yield* piecesOf(fd);
    else if (format === 'tar.gz') yield* gunzip(fd);
    else yield* fromProgram(fd, COMMANDS[format]);
  } finally {
    closeFile(fd);
  }
}

const PIECE = 256 * 1024;

/** A file from its present position on; each piece is a buffer of its own. */
export function* piecesOf(fd: number): Generator<Buffer> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(PIECE);
    const length = readInto(fd, buffer);
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

async function* gunzip(fd: number): AsyncGenerator<Buffer> {
  const source = Readable.from(piecesOf(fd));
  const stream = source.pipe(createGunzip({chunkSize: PIECE}));
  try {
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    throw new UnpackError(error instanceof Error ? error.message : String(error));
  } finally {
    source.destroy();
    stream.destroy();
  }
}

async function* fromProgram(fd: number, argv: readonly string[]): AsyncGenerator<Buffer> {
  const child = start(argv, {stdio: [fd, 'pipe', 'pipe']});
  const finished = endOf(child);
  try {
    for await (const piece of child.stdout ?? []) yield piece as Buffer;
    const {status, complaint, absent} = await finished;
    const name = argv[0] ?? '';
    if (absent) throw new UnpackError(`${name} is not installed`, name);
    if (status !== 0) throw new UnpackError(`${name}: ${complaint || `exit ${status}`}`);
  } finally {
    child.kill('SIGKILL');
    await finished;
  }
}

interface End {
  readonly status: number | null;
  readonly complaint: string;
  readonly absent: boolean;
}

/** How a program ends; its first complaint, of which it may write any amount. */
function endOf(child: ChildProcess): Promise<End> {
  let complaint = '';
  child.stderr?.on('data', (piece: Buffer) => {
    if (complaint.length < 1000) complaint += piece.toString('utf8');
  });
  const first = (): string => complaint.trim().split('\n')[0] ?? '';
  return new Promise((resolve) => {
    child.once('error', () => {
      resolve({status: 127, complaint: '', absent: true});
    });
    child.once('close', (status) => {
      resolve({status, complaint: first(), absent: false});
    });
  });
}
