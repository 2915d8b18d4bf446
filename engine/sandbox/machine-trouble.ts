/**
 * Why a sandbox cannot be had on this machine, in words that lead to the remedy.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';

/** From what the chain that starts the worker said. */
export function whyNoWorker(said: string): Checked<never> {
  return fail('machine/sandbox', `the sandbox worker did not come up: ${said}`, {
    hint: switchHint() ?? CONTAINER_HINT,
  });
}

/** From what `unshare --user` said. */
export function whyNoNamespace(said: string): Checked<never> {
  if (isChroot()) {
    return fail('machine/chroot', 'user namespaces do not exist inside chroot(2)', {
      hint: 'run recipes outside the chroot, or enter the folder with a container or systemd-nspawn',
    });
  }
  const why = said === '' ? 'unshare ended without a word' : said;
  return fail('machine/user-namespaces', `this machine allows no user namespace: ${why}`, {
    hint: switchHint() ?? CONTAINER_HINT,
  });
}

/**
 * Whether our root is another than the first process's. Only root may look; others look whether
 * the kernel's list of mounts has none for `/`, as it is when the chroot's root is no mount point.
 */
export function isChroot(): boolean {
  const own = files.lookAt('/');
  const first = files.unless(['EACCES', 'EPERM'], () => files.lookAt('/proc/1/root/'));
  if (own !== undefined && first !== undefined) {
    return own.dev !== first.dev || own.ino !== first.ino;
  }
  const text = files.unless(['ENOENT', 'EACCES'], () => files.readText('/proc/self/mountinfo'));
  return text?.split('\n').every((line) => line.split(' ')[4] !== '/') ?? false;
}

/** The switches that turn user namespaces off, on kernels and distributions that have them. */
const SWITCHES = [
  {name: 'kernel.unprivileged_userns_clone', bad: '0', good: '1'},
  {name: 'user.max_user_namespaces', bad: '0', good: '10000'},
  {name: 'kernel.apparmor_restrict_unprivileged_userns', bad: '1', good: '0'},
];

/** A switch of this machine that is off; undefined when they are all on. */
export function switchHint(): string | undefined {
  for (const {name, bad, good} of SWITCHES) {
    const file = `/proc/sys/${name.replaceAll('.', '/')}`;
    const value = files.unless(['ENOENT', 'EACCES'], () => files.readText(file).trim());
    if (value === bad) return `as root: sysctl -w ${name}=${good}`;
  }
  return undefined;
}

const CONTAINER_HINT =
  'in a container: allow user namespaces (its seccomp profile) and an unmasked /proc';

/** How an ordinary user gets a range of ids. */
export const SUBIDS_HINT: string =
  'as root: apt install uidmap; usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER';
