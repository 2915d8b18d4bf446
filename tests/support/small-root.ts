/**
 * A system to build in that is made of artifacts only: the machine's bash and some small programs
 * with their libraries, staged by an ordinary recipe. The projects of a test file share one store,
 * so that it is built once.
 */
import {recipe, recipes, type Sketch} from './recipes.ts';
import {Space} from './space.ts';

const PROGRAMS =
  'bash cat chmod chown cp env install ln ls mkdir mv readlink rm rmdir sleep sort stat touch tr';

/** Libraries go to where the loader looks for them, with the three links of a merged /usr. */
const STAGE = `\
mkdir -p "$DESTDIR"/usr/{bin,lib,lib64}
for program in ${PROGRAMS}; do
  cp -L "/usr/bin/$program" "$DESTDIR/usr/bin/"
  ldd "/usr/bin/$program"
done > /build/linked
awk '$2 == "=>" { print $3 } $1 ~ /^\\// { print $1 }' /build/linked | sort -u |
while read -r library; do
  place=$DESTDIR/usr\${library#/usr}
  mkdir -p "\${place%/*}"
  cp -L "$library" "$place"
done
ln -s bash "$DESTDIR/usr/bin/sh"
ln -s usr/bin usr/lib usr/lib64 "$DESTDIR/"
`;

/** `base/shell`. */
export const SHELL: Sketch = {
  tools: ['ldd'],
  steps: STAGE,
  build: {outputs: {expect: ['usr/bin/bash'], leaks: ['**']}},
};

/** A build `in: root` with the shell; `needs` and the fields of `build` come on top. */
export function inRoot(steps: string, needs: readonly unknown[] = [], build: object = {}): Sketch {
  return {
    steps,
    needs: [{build: 'base/shell', for: 'build'}, ...needs],
    build: {in: 'root', ...build},
  };
}

/** Projects with the shell, and a store all of them use. */
export class SmallRoots implements AsyncDisposable {
  readonly #first = Space.create({'recipes/base/shell.yaml': recipe('base/shell', SHELL)});

  /** Builds the shell. */
  async prepare(): Promise<void> {
    await this.#first.expect(0, ['build']);
  }

  /** A project of these packages beside the shell. */
  project(sketches: Readonly<Record<string, Sketch>>): Space {
    return Space.create({
      'recipes.config.yaml': `store: {path: ${JSON.stringify(this.#first.at('.recipes'))}}\n`,
      ...recipes({'base/shell': SHELL, ...sketches}),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#first[Symbol.asyncDispose]();
  }
}

/** What `files --json` says of one path. */
export interface ListedFile {
  readonly path: string;
  readonly type: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly target?: string;
  readonly hardlink?: string;
}

/** The files of a target as `path → 'file 4755 5'`; folders on the way are left out. */
export async function filesOf(space: Space, target: string): Promise<Record<string, string>> {
  const {stdout} = await space.expect(0, ['files', target, '--json']);
  const {files} = JSON.parse(stdout) as {files: readonly ListedFile[]};
  const isWay = (one: ListedFile): boolean =>
    one.type === 'dir' &&
    one.mode === 0o755 &&
    files.some((f) => f.path.startsWith(`${one.path}/`));
  return Object.fromEntries(
    files.filter((one) => !isWay(one)).map((one) => [one.path, describe(one)]),
  );
}

function describe({type, mode, size, target, hardlink}: ListedFile): string {
  if (type === 'link') return `link ${target ?? ''}`;
  const same = hardlink === undefined ? '' : `= ${hardlink}`;
  const words = [type, mode?.toString(8).padStart(4, '0'), size?.toString(), same];
  return words.filter((word) => (word ?? '') !== '').join(' ');
}
