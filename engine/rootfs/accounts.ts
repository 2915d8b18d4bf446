/**
 * Users and groups of a root: the lines of passwd(5) and group(5) that its layers bring, those its
 * recipe adds, and what numbers a name stands for. Pure texts.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import type {RootGroup, RootPlan, RootUser} from '../load/model.ts';

export interface Accounts {
  /** The whole files, as they are to be. */
  readonly passwd: string;
  readonly group: string;
  readonly problems: readonly Diagnostic[];
  /** `user[:group]` → numbers; undefined for names nobody has. */
  ownerOf(written: string): {readonly uid: number; readonly gid: number} | undefined;
}

/** `passwd` and `group` are the texts of the layers' files, empty where there are none. */
export function accountsOf(
  plan: Pick<RootPlan, 'users' | 'groups'>,
  passwd: string,
  group: string,
): Accounts {
  const users = extended(passwd, plan.users, userLine, '/etc/passwd');
  const groups = extended(group, plan.groups, groupLine, '/etc/group');
  const uids = numbersIn(users.text);
  const gids = numbersIn(groups.text);
  return {
    passwd: users.text,
    group: groups.text,
    problems: [...users.problems, ...groups.problems],
    ownerOf: (written) => {
      const [user = '', named = user] = written.split(':');
      const [uid, gid] = [numberOf(user, uids), numberOf(named, gids)];
      return uid === undefined || gid === undefined ? undefined : {uid, gid};
    },
  };
}

function extended<Account extends RootUser | RootGroup>(
  text: string,
  accounts: readonly Account[],
  lineOf: (account: Account) => string,
  file: string,
): {readonly text: string; readonly problems: readonly Diagnostic[]} {
  const there = new Map(linesOf(text).map((line) => [line.split(':', 1)[0] ?? '', line]));
  const problems: Diagnostic[] = [];
  const added = accounts.flatMap((account) => {
    const line = lineOf(account);
    const known = there.get(account.name);
    if (known === undefined) return [line];
    if (known !== line) {
      const message = `a layer has ${account.name} in ${file} already: ${known}`;
      problems.push(problem('root/account', message, {at: account.at}));
    }
    return [];
  });
  const all = [...linesOf(text), ...added];
  return {text: all.map((line) => `${line}\n`).join(''), problems};
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

function userLine({name, password, uid, gid, comment, home, shell}: RootUser): string {
  return [name, password, uid, gid, comment, home, shell].join(':');
}

function groupLine({name, gid, members}: RootGroup): string {
  return [name, 'x', gid, members.join(',')].join(':');
}

/** Name → the third field of its line. */
function numbersIn(text: string): ReadonlyMap<string, number> {
  return new Map(
    linesOf(text).map((line) => {
      const [name = '', , number = ''] = line.split(':');
      return [name, Number(number)];
    }),
  );
}

/** What no inode can have is nobody's number. */
const MOST = 0xfffffffe;

function numberOf(written: string, names: ReadonlyMap<string, number>): number | undefined {
  if (!/^\d+$/.test(written)) return names.get(written);
  const number = Number(written);
  return number <= MOST ? number : undefined;
}
