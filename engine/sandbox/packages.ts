/**
 * Which Debian package brings a program: for messages only.
 */

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  bubblewrap: ['bwrap'],
  uidmap: ['newuidmap', 'newgidmap'],
  attr: ['getfattr', 'setfattr'],
  'xz-utils': ['xz'],
  'util-linux': ['unshare', 'nsenter', 'setpriv', 'prlimit', 'flock', 'script'],
  mount: ['mount', 'umount'],
  coreutils: ['mkfifo', 'mknod', 'sync', 'cat', 'rm', 'install', 'id'],
  binutils: ['ar', 'as', 'ld', 'nm', 'objcopy', 'objdump', 'ranlib', 'readelf', 'strip'],
  gcc: ['cc', 'gcc'],
  'g++': ['c++', 'g++'],
  cpp: ['cpp'],
  'pkg-config': ['pkg-config', 'pkgconf'],
  'ninja-build': ['ninja'],
  texinfo: ['makeinfo', 'texi2any', 'install-info'],
  python3: ['python3'],
  'libtool-bin': ['libtool'],
  libtool: ['libtoolize'],
  autoconf: ['autoconf', 'autoreconf', 'autoheader'],
  automake: ['automake', 'aclocal'],
  gettext: ['msgfmt', 'msgmerge', 'xgettext'],
  findutils: ['find', 'xargs'],
  diffutils: ['cmp', 'diff', 'diff3', 'sdiff'],
  xorriso: ['xorriso'],
  e2fsprogs: ['mke2fs'],
  'qemu-system-x86': ['qemu-system-x86_64'],
  'qemu-utils': ['qemu-img'],
  git: ['git'],
};

/** Programs whose package has their name. */
const SAME = [
  ...['awk', 'bash', 'bc', 'bison', 'bzip2', 'cmake', 'cpio', 'file', 'flex', 'gawk', 'gperf'],
  ...['grep', 'gzip', 'help2man', 'm4', 'make', 'meson', 'nasm', 'patch', 'perl', 'rsync', 'sed'],
  ...['tar', 'zstd'],
];

/** The package of a program; undefined where we do not know it. */
export function packageOf(program: string): string | undefined {
  const found = Object.entries(PACKAGES).find(([, programs]) => programs.includes(program));
  return found?.[0] ?? (SAME.includes(program) ? program : undefined);
}

/** `apt install …` for programs; undefined where none of their packages is known. */
export function installHint(programs: readonly string[]): string | undefined {
  const names = programs.flatMap((one) => packageOf(one) ?? []);
  return names.length === 0 ? undefined : `apt install ${[...new Set(names)].sort().join(' ')}`;
}
