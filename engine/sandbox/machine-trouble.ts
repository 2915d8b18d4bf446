/**
 * Why a sandbox cannot be had on this machine, in words that lead to the remedy.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';

/** From what `unshare --user` said. */
export function whyNoNamespace(said: string): Checked<never> {
  if (isChroot()) {
    return fail('machine/chroot', 'user namespaces do not exist inside chroot(2)', {
      hint: 'run recipes outside the chroot, or enter the folder with a container or systemd-nspawn',
    });
  }
  const why = said === '' ? 'unshare ended without a word' : said;
  return fail('machine/user-namespaces', `this machine allows no user namespace: ${why}`, {
    hint: namespaceHint(),
  });
}

/** A chroot's own root is no mount point: the kernel's list of mounts has none for `/`. */
export function isChroot(): boolean {
  const text = files.unless(['ENOENT', 'EACCES'], () => files.readText('/proc/self/mountinfo'));
  if (text === undefined) return false;
  return !text.split('\n').some((line) => line.split(' ')[4] === '/');
}

/** The switches that turn user namespaces off, on kernels and distributions that have them. */
const SWITCHES = [
  {name: 'kernel.unprivileged_userns_clone', bad: '0', good: '1'},
  {name: 'user.max_user_namespaces', bad: '0', good: '10000'},
  {name: 'kernel.apparmor_restrict_unprivileged_userns', bad: '1', good: '0'},
];

function namespaceHint(): string {
  for (const {name, bad, good} of SWITCHES) {
    const file = `/proc/sys/${name.replaceAll('.', '/')}`;
    const value = files.unless(['ENOENT', 'EACCES'], () => files.readText(file).trim());
    if (value === bad) return `as root: sysctl -w ${name}=${good}`;
  }
  return 'in a container, allow user namespaces (seccomp profile); as root: sysctl user.max_user_namespaces';
}
