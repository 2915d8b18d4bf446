/** Users and groups: what is added, what stands against it, what numbers a name stands for. */
import test from 'ava';
import {accountsOf} from '../../../engine/rootfs/accounts.ts';

const at = {file: 'r.yaml', line: 1, column: 1, endLine: 1, endColumn: 2};

const daemon = {
  ...{name: 'daemon', uid: 6, gid: 6, comment: '', home: '/', shell: '/bin/false', password: 'x'},
  at,
};

test('lines are added once, after those that are there', (t) => {
  const passwd = 'root:x:0:0::/root:/bin/sh\ndaemon:x:6:6::/:/bin/false';
  const {passwd: all, problems} = accountsOf({users: [daemon], groups: []}, passwd, '');
  t.is(all, `${passwd}\n`);
  t.deepEqual(problems, []);
  const added = accountsOf({users: [daemon], groups: []}, 'root:x:0:0::/root:/bin/sh\n', '');
  t.is(added.passwd, `${passwd}\n`);
});

test('another line of the same name is a mistake', (t) => {
  const {problems} = accountsOf({users: [daemon], groups: []}, 'daemon:x:1:1::/:/bin/false\n', '');
  t.deepEqual(
    problems.map(({code}) => code),
    ['root/account'],
  );
});

test('names and numbers of owners', (t) => {
  const {ownerOf} = accountsOf({users: [daemon], groups: []}, '', 'daemon:x:9:\nadm:x:4:\n');
  t.deepEqual(ownerOf('daemon'), {uid: 6, gid: 9});
  t.deepEqual(ownerOf('daemon:adm'), {uid: 6, gid: 4});
  t.deepEqual(ownerOf('5:adm'), {uid: 5, gid: 4});
  t.deepEqual(ownerOf('5'), {uid: 5, gid: 5});
  t.deepEqual(ownerOf('4294967294'), {uid: 4294967294, gid: 4294967294});
  for (const nobody of ['adm', 'daemon:nobody', '4294967295', '']) {
    t.is(ownerOf(nobody), undefined, nobody);
  }
});
