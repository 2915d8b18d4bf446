import test from 'ava';
import {scratchPlaces} from '../../../engine/sandbox/places.ts';
import {isPlainName, limitWords, sandboxCommand, type View} from '../../../engine/sandbox/spec.ts';

const VIEW: View = {
  environment: 'host',
  shape: {
    roots: [
      {path: '/bin', target: 'usr/bin'},
      {path: '/lib32', target: undefined},
    ],
    etc: {files: ['/etc/ld.so.cache'], folders: ['/etc/alternatives']},
    limits: {processes: 100, files: 1 << 20},
  },
  scratch: scratchPlaces('scratch/run/1'),
  slot: {control: '/sys/m/slots/1/control', status: '/sys/m/slots/1/status'},
  tools: '/sys/m/tools/1',
  files: {'it.tar': 'files/ab/cd.644'},
  env: {CFLAGS: '-O2', TZ: 'Asia/Tokyo'},
  command: ['/bin/bash', 'driver'],
  cwd: '/build',
  terminal: false,
};

/** Whether these words stand in the command line, one after the other. */
function has(argv: readonly string[], ...words: string[]): boolean {
  return argv.some((_one, at) => words.every((word, offset) => argv[at + offset] === word));
}

test('a host environment: /usr and links as on the host, the tree at /sysroot', (t) => {
  const argv = sandboxCommand(VIEW);
  t.is(limitWords(VIEW.shape).join(' '), 'prlimit --core=0:0 --nproc=100:100 --nofile=4096: --');
  for (const words of [
    ['--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin', '--ro-bind', '/lib32', '/lib32'],
    ['--bind', '/sys/s/scratch/run/1/merged', '/sysroot'],
    ['--bind', '/sys/s/scratch/run/1/build', '/build'],
    ['--ro-bind', '/sys/s/files/ab/cd.644', '/build/it.tar'],
    ['--ro-bind', '/sys/m/tools/1', '/tools'],
    ['--ro-bind', '/sys/m/etc', '/etc', '--dir', '/run'],
    ['--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys'],
    ['--remount-ro', '/', '--clearenv'],
    ['--chdir', '/build', '--', '/bin/bash', 'driver'],
  ]) {
    t.true(has(argv, ...words), words.join(' '));
  }
});

test('a root environment: the tree is the root, and nothing of the host is there', (t) => {
  const argv = sandboxCommand({...VIEW, environment: 'root'});
  t.true(has(argv, '--bind', '/sys/s/scratch/run/1/merged', '/', '--tmpfs', '/sys'));
  t.deepEqual(
    argv.filter((word) => /^\/(usr|etc)[^:]*$/.test(word)),
    [],
  );
  t.true(has(argv, '--setenv', 'DESTDIR', ''));
  t.true(has(argv, '--setenv', 'PATH', '/usr/bin:/usr/sbin:/bin:/sbin'));
});

test('unpacking sees the machine’s tools and no tree', (t) => {
  const argv = sandboxCommand({...VIEW, environment: 'tools'});
  t.false(argv.includes('/sysroot'));
  t.false(argv.includes('/tools'));
});

test('the environment: fixed, then the recipe’s', (t) => {
  const argv = sandboxCommand(VIEW);
  t.true(has(argv, '--setenv', 'TZ', 'Asia/Tokyo'));
  t.true(has(argv, '--setenv', 'SOURCE_DATE_EPOCH', '315532800'));
  t.true(has(argv, '--setenv', 'PATH', '/tools'));
  t.is(argv.filter((word) => word === 'TZ').length, 1);
});

test('only people get the terminal’s session', (t) => {
  t.true(sandboxCommand(VIEW).includes('--new-session'));
  t.true(sandboxCommand(VIEW).includes('--as-pid-1'));
  t.false(sandboxCommand({...VIEW, terminal: true}).includes('--new-session'));
  for (const terminal of [true, false]) {
    const argv = sandboxCommand({...VIEW, terminal});
    for (const word of ['--die-with-parent', '--unshare-net', '--unshare-pid', '--clearenv']) {
      t.true(argv.includes(word), word);
    }
    t.true(has(argv, '--cap-drop', 'ALL'));
    t.is(argv.filter((word) => word === '--cap-add').length, 7);
  }
});

test('names of sources cannot leave /build', (t) => {
  for (const name of ['', '.', '..', 'a/b', '/etc/passwd', 'a\0b']) {
    t.false(isPlainName(name), JSON.stringify(name));
    t.throws(() => sandboxCommand({...VIEW, files: {[name]: 'x'}}));
  }
  t.true(isPlainName('...'));
});
