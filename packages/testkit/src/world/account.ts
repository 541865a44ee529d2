import { chownSync, readFileSync } from 'node:fs';

/** The OS user that a program of the world runs as; absent: the caller. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

export function own(path: string, account: Account | undefined): string {
  if (account) chownSync(path, account.uid, account.gid);
  return path;
}

export const asAccount = (account: Account | undefined) => (account ? { uid: account.uid, gid: account.gid } : {});

/**
 * For tests that run as root: an existing user without rights, since PostgreSQL refuses root. The demo makes users of its
 * own instead.
 */
export function testAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  const line = users.find((user) => user.startsWith('postgres:')) ?? users.find((user) => user.startsWith('nobody:'));
  const [name, , uid, gid] = line?.split(':') ?? [];
  if (!name) throw new Error('no OS user to run PostgreSQL as: neither postgres nor nobody exists');
  return { name, uid: Number(uid), gid: Number(gid) };
}
