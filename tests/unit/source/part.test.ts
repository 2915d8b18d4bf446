/** Part files: what lies in their place and is no file is not waited for. */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {Part} from '../../../engine/source/part.ts';
import {folder} from '../store/rig.ts';

const STRANGERS: Readonly<Record<string, (at: string) => unknown>> = {
  'a fifo': (at) => execFileSync('mkfifo', [at]),
  'a folder': (at) => fs.mkdirSync(path.join(at, 'inside'), {recursive: true}),
  'a link': (at) => {
    fs.symlinkSync('/etc/passwd', at);
  },
};

for (const [what, make] of Object.entries(STRANGERS)) {
  test(`${what} in the place of a part or its note gives way`, (t) => {
    const at = path.join(folder(t), 'x.part');
    make(at);
    make(`${at}.from`);
    const part = Part.open(at);
    t.is(part.size, 0);
    t.is(part.origin(), undefined);
    part.write(Buffer.from('bytes'));
    part.close();
    t.is(fs.readFileSync(at, 'utf8'), 'bytes');
  });
}
