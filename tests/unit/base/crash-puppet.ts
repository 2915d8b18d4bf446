/**
 * A process that changes files by known calls and tells of each, to be ended at one of them:
 * its folder is the first argument, `worker` as the second makes it count as the worker does, with
 * `failing` a call comes first that fails.
 */
import path from 'node:path';
import {countAsWorker, mutate, mutatingCalls} from '../../../engine/base/crash.ts';
import * as files from '../../../engine/base/files.ts';

const [folder = '', role = ''] = process.argv.slice(2);
if (role === 'worker') countAsWorker();
const at = (name: string): string => path.join(folder, name);

if (role === 'failing') files.unless(['ENOENT'], () => files.unlink(at('nothing')));

// Reading counts for nothing.
files.lookAt(at('one'));
files.namesIn(folder);

files.makeDir(at('one'));
files.rename(at('one'), at('two'));
const fd = files.createFile(at('two/file'));
files.writeAll(fd, 'text');
files.closeFile(fd);
files.makeLink('file', at('two/link'));
mutate(() => {
  files.unlink(at('two/link'));
});
process.stdout.write(String(mutatingCalls()));
