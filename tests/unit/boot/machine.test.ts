import test from 'ava';
import {accelerationOf, machineWords, QEMU, type Machine} from '../../../engine/boot/machine.ts';

const machine: Machine = {
  kernel: '/k,1',
  image: '/i,1',
  root: '/dev/vda',
  command: 'quiet',
  init: '/sbin/init',
  memory: 2 ** 29 + 1,
  acceleration: 'auto',
  interactive: false,
};

test('the words of a machine', (t) => {
  const words = machineWords(machine);
  const after = (flag: string): string | undefined => words[words.indexOf(flag) + 1];
  t.is(words[0], QEMU);
  t.is(after('-kernel'), '/k,1');
  t.is(after('-append'), 'console=ttyS0 root=/dev/vda rw panic=-1 quiet init=/sbin/init');
  t.is(after('-drive'), 'file=/i,,1,format=raw,if=virtio,cache=unsafe');
  t.is(after('-m'), '513M');
  t.is(after('-serial'), 'stdio');
});

test('who runs its code', (t) => {
  const ways = ['auto', 'kvm', 'tcg', 'xen'].map((name) => {
    const acceleration = accelerationOf(name);
    return (
      acceleration && machineWords({...machine, acceleration}).find((one) => one.startsWith('q35'))
    );
  });
  t.deepEqual(ways, ['q35,accel=kvm:tcg', 'q35,accel=kvm', 'q35,accel=tcg', undefined]);
});

test('the keys that end it belong to a person only', (t) => {
  t.true(machineWords({...machine, interactive: true}).includes('mon:stdio'));
});

test('no words of its own: none doubled', (t) => {
  const words = machineWords({...machine, command: ''});
  t.true(words.includes('console=ttyS0 root=/dev/vda rw panic=-1 init=/sbin/init'));
});
