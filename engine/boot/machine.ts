/**
 * The virtual machine a root is started in, as the words of its command line: QEMU with KVM where
 * that can be used, else with its own translation. Pure; knows nothing of how images are made.
 */

export interface Machine {
  /** Files of this machine. */
  readonly kernel: string;
  readonly image: string;
  /** What the image is to the kernel: `/dev/vda`. */
  readonly root: string;
  /** More words for the kernel. */
  readonly command: string;
  readonly init: string;
  /** Bytes. */
  readonly memory: number;
  /** KVM, or QEMU's own translation; auto: the first of them that can be used. */
  readonly acceleration: keyof typeof ACCELERATIONS;
  /** The user's terminal is its console; Ctrl-A X ends it. */
  readonly interactive: boolean;
}

const ACCELERATIONS = {auto: 'kvm:tcg', kvm: 'kvm', tcg: 'tcg'} as const;

/** By its name; undefined for names of none. */
export function accelerationOf(name: string): Machine['acceleration'] | undefined {
  return Object.keys(ACCELERATIONS).includes(name) ? (name as Machine['acceleration']) : undefined;
}

export const QEMU = 'qemu-system-x86_64';

/**
 * Nothing but disk, console and a source of randomness: no network, no screen. The processor is
 * without the register by which it tells of its mistakes: where KVM refuses to let that be
 * written, QEMU 7.2 aborts.
 */
export function machineWords(machine: Machine): readonly string[] {
  const {kernel, image, memory, interactive, acceleration} = machine;
  return [
    ...[QEMU, '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-machine', `q35,accel=${ACCELERATIONS[acceleration]}`],
    ...['-cpu', 'max,arch-capabilities=off', '-smp', '2'],
    ...['-m', `${Math.ceil(memory / 2 ** 20)}M`],
    ...['-kernel', kernel, '-append', kernelWords(machine)],
    ...['-drive', `file=${escaped(image)},format=raw,if=virtio,cache=unsafe`],
    ...['-device', 'virtio-rng-pci'],
    ...['-serial', interactive ? 'mon:stdio' : 'stdio'],
  ];
}

/** A panic is a reboot, and a reboot the end (`-no-reboot`). */
function kernelWords({root, command, init}: Machine): string {
  const words = ['console=ttyS0', `root=${root}`, 'rw', 'panic=-1', command, `init=${init}`];
  return words.filter((one) => one !== '').join(' ');
}

/** In lists of QEMU a comma is written twice. */
function escaped(file: string): string {
  return file.replaceAll(',', ',,');
}
