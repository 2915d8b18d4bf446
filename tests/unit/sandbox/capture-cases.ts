/**
 * What builds do to the files of their needs, and what is recorded of it. The same whether roots
 * are overlays or copies, so both are tested with these.
 */
import type {BuildPlan, Wanted} from './rig.ts';

/** What the lower layer, `test/low`, holds. */
export const LOW: Readonly<Record<string, Wanted>> = {
  'etc/conf': 'one\n',
  'usr/bin/tool': {text: '#!/bin/sh\n', mode: 0o755},
  'usr/bin/su': {text: 'su', mode: 0o4755},
  'usr/bin/owned': {text: 'mine', uid: 7},
  'usr/lib/link': {to: 'target'},
  'usr/share/low/a': 'a',
  'usr/share/low/deep/b': 'b',
  'usr/share/empty': {dir: true, mode: 0o750},
};

export interface Case {
  readonly script: string;
  /** The recorded tree, without the folders on the way; undefined: the build fails. */
  readonly tree: Readonly<Record<string, string>>;
  readonly plan?: BuildPlan;
}

/** Folders that lie on the way to much, and are looked at only where a case names them. */
export const WAY: ReadonlySet<string> = new Set([
  'etc',
  'usr',
  'usr/bin',
  'usr/lib',
  'usr/share',
  'usr/share/low',
]);
const REPLACES: BuildPlan = {capture: {replaces: ['test/low' as never]}};

export const CASES: Readonly<Record<string, Case>> = {
  'nothing done is nothing recorded': {script: ':', tree: {}},
  'a new file, with the mode it was given': {
    script: 'echo new >usr/bin/new; chmod 4711 usr/bin/new',
    tree: {'usr/bin/new': 'file 4711 4'},
  },
  'the umask is 022': {
    script: 'echo >usr/file; mkdir usr/folder',
    tree: {'usr/file': 'file 0644 1', 'usr/folder': 'dir 0755'},
  },
  'touch is no change': {script: 'touch etc/conf usr/bin/su usr/bin/owned', tree: {}},
  'opening to append is no change': {script: ': >>etc/conf', tree: {}},
  'the same content written again is no change': {script: 'echo one >etc/conf', tree: {}},
  'chmod to the same mode is no change': {
    script: 'chmod 644 etc/conf; chmod 4755 usr/bin/su; chmod 750 usr/share/empty',
    tree: {},
  },
  'chown there and back is no change': {
    script: 'chown 5:5 etc/conf; chown 0:0 etc/conf',
    tree: {},
  },
  'new names of one file are hard links of the first': {
    script: 'echo x >usr/b; ln usr/b usr/a; ln usr/b usr/c',
    tree: {'usr/a': 'file 0644 2', 'usr/b': 'file 0644 2 = usr/a', 'usr/c': 'file 0644 2 = usr/a'},
  },
  'a new name of a file of a need stands alone': {
    script: 'ln etc/conf usr/conf',
    tree: {'usr/conf': 'file 0644 4'},
  },
  'two equal files are no hard links': {
    script: 'echo x >usr/a; echo x >usr/b',
    tree: {'usr/a': 'file 0644 2', 'usr/b': 'file 0644 2'},
  },
  'owners are those inside': {
    script: 'echo x >usr/file; mkdir usr/folder; chown 12:34 usr/file; chown 65534 usr/folder',
    tree: {'usr/file': 'file 0644 12:34 2', 'usr/folder': 'dir 0755 65534:0'},
  },
  'attributes of users': {
    script: 'echo x >usr/x; setfattr -n user.note -v hi usr/x',
    tree: {'usr/x': 'file 0644 user.note 2'},
  },
  'links, also broken ones': {
    script: 'ln -s ../nowhere usr/link; ln -s target usr/lib/second',
    tree: {'usr/link': 'link ../nowhere', 'usr/lib/second': 'link target'},
  },
  'a link made again is no change': {script: 'ln -sf target usr/lib/link', tree: {}},
  'a named pipe': {script: 'mkfifo usr/pipe', tree: {'usr/pipe': 'fifo 0644'}},
  'names that are no text': {
    script: "touch usr/$'a\\nb' usr/$'\\xff\\xfe' 'usr/ä ='",
    tree: {
      'usr/a\nb': 'file 0644 0',
      'usr/\xff\xfe': 'file 0644 0',
      'usr/Ã¤ =': 'file 0644 0',
    },
  },
  'a file without any permission': {
    script: 'echo x >usr/secret; chmod 0 usr/secret; mkdir -m 0 usr/closed',
    tree: {'usr/secret': 'file 0000 2', 'usr/closed': 'dir 0000'},
  },
  'what stands in for a need has what both have': {
    script: 'echo one >etc/conf; ln -sf target usr/lib/link; rm usr/bin/su; printf su >usr/bin/su',
    plan: REPLACES,
    tree: {'etc/conf': 'file 0644 4', 'usr/lib/link': 'link target', 'usr/bin/su': 'file 0644 2'},
  },
  'a removed file of a need, allowed': {
    script: 'rm etc/conf',
    plan: REPLACES,
    tree: {'etc/conf': 'whiteout'},
  },
  'a removed folder is one removal': {
    script: 'rm -r usr/share/low',
    plan: REPLACES,
    tree: {'usr/share/low': 'whiteout'},
  },
  'a folder made anew hides what was below it': {
    script:
      'rm -r usr/share/low; mkdir -p usr/share/low/deep; echo a >usr/share/low/a; mv usr/share/low/a x; mv x usr/share/low/c',
    plan: REPLACES,
    tree: {
      'usr/share/low/a': 'whiteout',
      'usr/share/low/deep/b': 'whiteout',
      'usr/share/low/deep': 'dir 0755',
      'usr/share/low/c': 'file 0644 2',
    },
  },
  'a folder in place of a file': {
    script: 'rm etc/conf; mkdir etc/conf; echo x >etc/conf/d',
    plan: REPLACES,
    tree: {'etc/conf': 'dir 0755', 'etc/conf/d': 'file 0644 2'},
  },
  'a file in place of a folder': {
    script: 'rm -r usr/share/low; echo x >usr/share/low',
    plan: REPLACES,
    tree: {'usr/share/low': 'file 0644 2'},
  },
  'a renamed folder of a need': {
    script: 'mv usr/share/low usr/share/high',
    plan: REPLACES,
    tree: {
      'usr/share/low': 'whiteout',
      'usr/share/high': 'dir 0755',
      'usr/share/high/a': 'file 0644 1',
      'usr/share/high/deep': 'dir 0755',
      'usr/share/high/deep/b': 'file 0644 1',
    },
  },
  'a changed folder': {
    script: 'chmod 700 usr/share/empty',
    plan: REPLACES,
    tree: {'usr/share/empty': 'dir 0700'},
  },
  'made and removed again is nothing': {script: 'mkdir -p usr/x/y; rm -r usr/x', tree: {}},
  'dropped names are not recorded, and may be changed': {
    script: 'echo changed >etc/conf; mkdir -p usr/x/__pycache__; touch usr/x/__pycache__/f usr/x/g',
    plan: {capture: {drop: ['etc/conf', '**/__pycache__/**']}},
    tree: {'usr/x': 'dir 0755', 'usr/x/g': 'file 0644 0'},
  },
  'the base may be changed by whoever builds on it': {
    script: 'echo two >etc/conf; rm usr/bin/tool',
    plan: {baseLayers: 1},
    tree: {'etc/conf': 'file 0644 4', 'usr/bin/tool': 'whiteout'},
  },
};

export interface WrongCase {
  readonly script: string;
  readonly plan?: BuildPlan;
  readonly says: readonly RegExp[];
}

/** Title: the code, then what makes it. */
export const WRONG: Readonly<Record<string, WrongCase>> = {
  'sandbox/changes-need, changed': {
    script: 'echo two >>etc/conf',
    says: [/test\/it changes or removes a file of test\/low/, /changed: etc\/conf/, /replaces/],
  },
  'sandbox/changes-need, removed with all below': {
    script: 'rm -r usr/share/low',
    says: [/4 files of test\/low/, /removed: usr\/share\/low\/deep\/b/],
  },
  'sandbox/changes-need, mode only': {script: 'chmod 600 etc/conf', says: [/changed: etc\/conf/]},
  'sandbox/missing-output': {
    script: 'mkdir -p opt/bin; touch opt/bin/hello',
    plan: {capture: {expect: ['usr/bin/hello', 'opt/bin/*']}},
    says: [/made no usr\/bin\/hello/, /it made opt\/bin\/hello/],
  },
  'sandbox/leak, in a file': {
    script: "echo 'libdir=-L/sysroot/usr/lib' >usr/x.la",
    says: [/a file names folders/, /usr\/x.la: \/sysroot\/usr\/lib/],
  },
  'sandbox/leak, in a link': {
    script: 'ln -s /build/it-1/x usr/x',
    says: [/usr\/x: \/build\/it-1\/x/],
  },
};
