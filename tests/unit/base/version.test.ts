/** Versions as programs tell them, and which of two is older. */
import test from 'ava';
import {compareVersions, findVersion} from '../../../engine/base/version.ts';

for (const [a, b, expected] of [
  ['1.2', '1.2', 0],
  ['1.2', '1.2.0', 0],
  ['1.9', '1.10', -1],
  ['2', '1.99', 1],
  ['3.8.2', '3.8.1.9', 1],
] as const) {
  test(`${a} and ${b}`, (t) => {
    t.is(Math.sign(compareVersions(a, b)), expected);
    t.is(Math.sign(compareVersions(b, a)), expected === 0 ? 0 : -expected);
  });
}

for (const [said, expected] of [
  ['bison (GNU Bison) 3.8.2\nWritten by', '3.8.2'],
  ['GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)', '5.2.15'],
  ['gcc (Debian 12.2.0-14+deb12u1) 12.2.0', '12.2.0'],
  ['This is perl 5, version 36, subversion 0 (v5.36.0) built for', '5.36.0'],
  ['Python 3.11.2', '3.11.2'],
  ['ldd (Debian GLIBC 2.36-9+deb12u10) 2.36', '2.36'],
  ['xz (XZ Utils) 5.4.1\nliblzma 5.4.1', '5.4.1'],
  ['texi2any (GNU texinfo) 6.8', '6.8'],
  ['usage: thing [-x]', undefined],
] as const) {
  test(`of ${said.split('\n')[0] ?? ''}`, (t) => {
    t.is(findVersion(said), expected);
  });
}
