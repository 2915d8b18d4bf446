/** The file system as the engine uses it: whole writes, removal of odd trees, names as bytes. */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import * as files from '../../../engine/base/files.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A folder that is removed when the test ends, whatever is in it. */
function folder(t: {teardown: (end: () => void) => void}): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-files-'));
  t.teardown(() => {
    execFileSync('chmod', ['-R', 'u+rwx', made]);
    execFileSync('rm', ['-rf', made]);
  });
  return made;
}

// --- errors --------------------------------------------------------------------------------------

test('errorCode: the name of a system error, nothing for others', (t) => {
  const thrown = t.throws(() => fs.readFileSync('/no/such/file'));
  t.is(files.errorCode(thrown), 'ENOENT');
  t.is(files.errorCode(new Error('x')), undefined);
  t.is(files.errorCode(Object.assign(new Error('x'), {code: 7})), undefined);
  t.is(files.errorCode({code: 'ENOENT'}), undefined);
  t.is(files.errorCode(undefined), undefined);
});

test('unless: undefined for the codes named, anything else is thrown', (t) => {
  const read = (): string => files.readText('/no/such/file');
  t.is(files.unless(['EACCES', 'ENOENT'], read), undefined);
  t.throws(() => files.unless(['EACCES'], read), {code: 'ENOENT'});
  t.is(
    files.unless(['ENOENT'], () => 1),
    1,
  );
  t.throws(
    () =>
      files.unless(['ENOENT'], () => {
        throw new Error('a bug');
      }),
    {message: 'a bug'},
  );
});

// --- reading -------------------------------------------------------------------------------------

test('lookAt: what a name is, links not followed, nothing where nothing is', (t) => {
  const at = folder(t);
  fs.writeFileSync(`${at}/file`, 'x');
  fs.symlinkSync('nowhere', `${at}/link`);
  t.true(files.lookAt(`${at}/file`)?.isFile());
  t.true(files.lookAt(`${at}/link`)?.isSymbolicLink());
  t.true(files.lookAt(at)?.isDirectory());
  t.is(files.lookAt(`${at}/nothing`), undefined);
  t.is(files.lookAt(`${at}/file/below`), undefined, 'below a file');
  t.throws(() => files.lookAt(`${at}/${'x'.repeat(300)}`), {code: 'ENAMETOOLONG'});
  t.true(files.exists(`${at}/link`));
  t.false(files.exists(`${at}/nowhere`));
  t.is(files.lookExactly(`${at}/file`)?.size, 1n);
  t.is(files.lookExactly(`${at}/nothing`), undefined);
});

test('openRead follows no link', (t) => {
  const at = folder(t);
  fs.writeFileSync(`${at}/file`, 'content');
  fs.symlinkSync('file', `${at}/link`);
  t.throws(() => files.openRead(`${at}/link`), {code: 'ELOOP'});
  const fd = files.openRead(`${at}/file`);
  const into = Buffer.alloc(4);
  t.is(files.readInto(fd, into), 4);
  t.is(into.toString(), 'cont');
  t.is(files.readInto(fd, into), 3);
  t.is(files.readInto(fd, into), 0);
  t.is(files.readInto(fd, into, 1), 4);
  t.is(into.toString(), 'onte');
  t.is(files.sizeOf(fd), 7);
  fs.unlinkSync(`${at}/file`);
  t.is(files.lookAtOpen(fd).nlink, 0);
  files.closeFile(fd);
});

test('namesIn is sorted by code unit, and empty where there is no folder', (t) => {
  const at = folder(t);
  for (const name of ['b', 'a', 'B', 'ä', '10', '9', '.x']) fs.writeFileSync(`${at}/${name}`, '');
  t.deepEqual(files.namesIn(at), ['.x', '10', '9', 'B', 'a', 'b', 'ä']);
  t.deepEqual(files.namesIn(`${at}/nothing`), []);
  t.throws(() => files.namesIn(`${at}/a`), {code: 'ENOTDIR'});
});

test('names that are no text', (t) => {
  const at = folder(t);
  const odd = Buffer.concat([bytes(`${at}/`), bytes('\xff\xfe\n')]);
  files.closeFile(files.createFile(odd));
  files.makeLink(bytes('\x80target'), Buffer.concat([odd, bytes('2')]));
  const names = files.entriesOf(at).map((entry) => entry.name.toString('latin1'));
  t.deepEqual(names.sort(), ['\xff\xfe\n', '\xff\xfe\n2']);
  t.deepEqual(files.readLink(Buffer.concat([odd, bytes('2')])), bytes('\x80target'));
  files.rename(odd, Buffer.concat([odd, bytes('3')]));
  t.is(files.lookAt(odd), undefined);
  files.removeTree(at);
  t.false(fs.existsSync(at));
  fs.mkdirSync(at);
});

test('free space is told in bytes and inodes', (t) => {
  const {bytes: free, inodes} = files.freeSpace(os.tmpdir());
  t.true(Number.isFinite(free) && free >= 0);
  t.true(inodes >= 0);
});

// --- writing -------------------------------------------------------------------------------------

test('createFile never touches what is there', (t) => {
  const at = folder(t);
  fs.writeFileSync(`${at}/file`, 'old');
  fs.symlinkSync('elsewhere', `${at}/link`);
  t.throws(() => files.createFile(`${at}/file`), {code: 'EEXIST'});
  t.throws(() => files.createFile(`${at}/link`), {code: 'EEXIST'});
  t.throws(() => files.copyFile(`${at}/file`, `${at}/link`), {code: 'EEXIST'});
  t.is(fs.readFileSync(`${at}/file`, 'utf8'), 'old');
  const fd = files.createFile(`${at}/new`);
  files.closeFile(fd);
  t.is(fs.statSync(`${at}/new`).mode & 0o777, 0o600);
});

test('openAppend writes behind what is there', (t) => {
  const file = `${folder(t)}/log`;
  for (const text of ['one\n', 'two\n']) {
    const fd = files.openAppend(file);
    files.writeAll(fd, text);
    files.closeFile(fd);
  }
  t.is(fs.readFileSync(file, 'utf8'), 'one\ntwo\n');
  files.truncate(file, 3);
  t.is(fs.readFileSync(file, 'utf8'), 'one');
});

test('writeAll: texts as UTF-8, bytes as they are, nothing for nothing', (t) => {
  const file = `${folder(t)}/file`;
  const fd = files.createFile(file);
  files.writeAll(fd, 'ä\n');
  files.writeAll(fd, bytes('\xff\x00'));
  files.writeAll(fd, '');
  files.closeFile(fd);
  t.deepEqual(fs.readFileSync(file), Buffer.concat([Buffer.from('ä\n'), bytes('\xff\x00')]));
});

test('makeDirs makes what is missing and leaves the rest', (t) => {
  const at = folder(t);
  fs.mkdirSync(`${at}/a`, {mode: 0o700});
  files.makeDirs(`${at}/a/b/c`, 0o750);
  files.makeDirs(`${at}/a/b/c`, 0o700);
  const mode = (name: string): number => fs.statSync(`${at}/${name}`).mode & 0o777;
  t.deepEqual([mode('a'), mode('a/b'), mode('a/b/c')], [0o700, 0o750, 0o750]);
  fs.writeFileSync(`${at}/file`, '');
  t.throws(() => files.makeDirs(`${at}/file/x`), {code: 'ENOTDIR'});
});

test('setTimes and chown speak of a link, not of its target', (t) => {
  const at = folder(t);
  fs.symlinkSync('/', `${at}/link`);
  files.setTimes(`${at}/link`, 1);
  t.is(fs.lstatSync(`${at}/link`).mtimeMs, 1000);
  const {uid, gid} = fs.lstatSync(at);
  t.notThrows(() => files.chown(`${at}/link`, uid, gid));
});

// --- atomic writes -------------------------------------------------------------------------------

test('writeFileAtomic: the content, the mode, nothing else in the folder', (t) => {
  const at = folder(t);
  files.writeFileAtomic(`${at}/file`, 'one');
  files.writeFileAtomic(`${at}/file`, bytes('\xff'), {mode: 0o600, durable: false});
  t.deepEqual(fs.readFileSync(`${at}/file`), bytes('\xff'));
  t.is(fs.statSync(`${at}/file`).mode & 0o777, 0o600);
  t.deepEqual(fs.readdirSync(at), ['file']);
});

test('writeFileAtomic: whoever has the old file open keeps reading it', (t) => {
  const file = `${folder(t)}/file`;
  files.writeFileAtomic(file, 'old');
  const fd = files.openRead(file);
  files.writeFileAtomic(file, 'new');
  t.is(fs.readFileSync(fd, 'utf8'), 'old');
  files.closeFile(fd);
  t.is(files.readText(file), 'new');
});

test('writeFileAtomic: a link is replaced, its target stays', (t) => {
  const at = folder(t);
  fs.writeFileSync(`${at}/target`, 'target');
  fs.symlinkSync('target', `${at}/link`);
  files.writeFileAtomic(`${at}/link`, 'new');
  t.is(files.readText(`${at}/target`), 'target');
  t.true(files.lookAt(`${at}/link`)?.isFile());
});

test('writeFileAtomic: a failure leaves the old file and nothing besides', (t) => {
  const at = folder(t);
  fs.mkdirSync(`${at}/taken/by/a/folder`, {recursive: true});
  t.throws(() => files.writeFileAtomic(`${at}/none/file`, 'x'), {code: 'ENOENT'});
  t.deepEqual(fs.readdirSync(at), ['taken']);
  t.throws(() => files.writeFileAtomic(`${at}/taken`, 'x'), {code: 'EISDIR'});
  t.deepEqual(fs.readdirSync(at), ['taken']);
});

test('a full disk: the error is told, the old file stays, no part of the new one', (t) => {
  const at = folder(t);
  fs.writeFileSync(`${at}/file`, 'old');
  const module = new URL('../../../engine/base/files.js', import.meta.url).pathname;
  // RLIMIT_FSIZE cuts a write short first, and refuses the next: as a disk that fills up.
  const script = `
    process.on('SIGXFSZ', () => {});
    const files = await import(${JSON.stringify(module)});
    try { files.writeFileAtomic(process.argv[1], 'x'.repeat(100_000)); console.log('written'); }
    catch (error) { console.log(error.code); }`;
  const argv = ['--fsize=65536', process.execPath, '--input-type=module', '-e', script];
  // What Node writes when it measures coverage is larger than the limit.
  const env = {...process.env, NODE_V8_COVERAGE: ''};
  const said = execFileSync('prlimit', [...argv, `${at}/file`], {encoding: 'utf8', env});
  t.is(said, 'EFBIG\n');
  t.deepEqual(fs.readdirSync(at), ['file']);
  t.is(files.readText(`${at}/file`), 'old');
});

// --- removal -------------------------------------------------------------------------------------

test('removeTree: a file, a link, nothing at all', (t) => {
  const at = folder(t);
  fs.writeFileSync(`${at}/file`, '');
  fs.mkdirSync(`${at}/kept`);
  fs.writeFileSync(`${at}/kept/file`, '');
  fs.symlinkSync('kept', `${at}/link`);
  for (const name of ['file', 'link', 'nothing']) files.removeTree(`${at}/${name}`);
  t.deepEqual(fs.readdirSync(at), ['kept']);
  t.deepEqual(fs.readdirSync(`${at}/kept`), ['file']);
});

test('removeTree never goes through a link', (t) => {
  const at = folder(t);
  fs.mkdirSync(`${at}/kept`);
  fs.writeFileSync(`${at}/kept/file`, 'content');
  fs.mkdirSync(`${at}/tree/deep`, {recursive: true});
  fs.symlinkSync('../kept', `${at}/tree/link`);
  fs.symlinkSync('../../kept/file', `${at}/tree/deep/link`);
  fs.symlinkSync('/', `${at}/tree/root`);
  files.removeTree(`${at}/tree`);
  t.deepEqual(fs.readdirSync(at), ['kept']);
  t.is(files.readText(`${at}/kept/file`), 'content');
});

test('removeTree opens folders that are closed, also to their owner', (t) => {
  const at = folder(t);
  for (const [name, mode] of [
    ['none', 0],
    ['unreadable', 0o300],
    ['unwritable', 0o500],
    ['unsearchable', 0o600],
  ] as const) {
    fs.mkdirSync(`${at}/tree/${name}/inner`, {recursive: true});
    fs.writeFileSync(`${at}/tree/${name}/inner/file`, '', {mode: 0});
    fs.chmodSync(`${at}/tree/${name}/inner`, mode);
    fs.chmodSync(`${at}/tree/${name}`, mode);
  }
  fs.chmodSync(`${at}/tree`, 0);
  files.removeTree(`${at}/tree`);
  t.deepEqual(fs.readdirSync(at), []);
});

test('removeTree: 5,000 folders in each other, far beyond the longest path', (t) => {
  const at = folder(t);
  const dig = `
    for (const name of ['tree', ...Array.from({length: 5000}, () => 'd')]) {
      fs.mkdirSync(name);
      process.chdir(name);
    }
    fs.writeFileSync('file', '');
    fs.chmodSync('.', 0o500);`;
  execFileSync(process.execPath, ['-e', dig], {cwd: at});
  files.removeTree(`${at}/tree`);
  t.deepEqual(fs.readdirSync(at), []);
});

test('removeTree: many side by side, odd files among them', (t) => {
  const at = folder(t);
  for (let folderAt = 0; folderAt < 50; folderAt += 1) {
    fs.mkdirSync(`${at}/tree/${folderAt}/x`, {recursive: true});
    for (let file = 0; file < 20; file += 1) fs.writeFileSync(`${at}/tree/${folderAt}/${file}`, '');
  }
  execFileSync('mkfifo', [`${at}/tree/7/fifo`]);
  files.removeTree(Buffer.from(`${at}/tree`));
  t.deepEqual(fs.readdirSync(at), []);
});

test('temporaryDir is one’s own, and goes away with its content', async (t) => {
  const parent = folder(t);
  let made = '';
  {
    await using first = files.temporaryDir(parent, 'mine-');
    await using second = files.temporaryDir(parent, 'mine-');
    made = first.path;
    t.not(first.path, second.path);
    t.true(path.basename(made).startsWith('mine-'));
    t.is(fs.statSync(made).mode & 0o777, 0o700);
    fs.mkdirSync(`${made}/a/b`, {recursive: true});
  }
  t.deepEqual(fs.readdirSync(parent), []);
});
