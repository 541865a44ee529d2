import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Account } from './account.js';

/**
 * OS users that the demo makes and removes. Only users whose comment field is exactly ours are ever removed: one that was
 * there before, or that somebody else made, is not touched.
 */
const comment = (world: string) => `hoop demo ${world}`.replaceAll(/[:,\n]/g, '_');

interface Entry extends Account {
  gecos: string;
}

function entries(): Entry[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [name, , uid, gid, gecos] = line.split(':');
      return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid), gecos: gecos ?? '' }] : [];
    });
}

/** As root on a machine with useradd; else all laptops belong to the caller. */
export function canMakeUsers(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('useradd', ['--help'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A new OS user without a password, named `hoop-PERSON`, or with a number where that name is taken. */
export function makeUser(world: string, person: string, home: string): Account {
  const taken = new Set(entries().map((entry) => entry.name));
  let name = `hoop-${person}`;
  for (let n = 2; taken.has(name); n++) name = `hoop-${person}-${n}`;
  const flags = ['--no-create-home', '--home-dir', home, '--shell', '/bin/bash', '--user-group', '--no-log-init'];
  execFileSync('useradd', [...flags, '--comment', comment(world), name], { stdio: ['ignore', 'ignore', 'pipe'] });
  const made = entries().find((entry) => entry.name === name);
  if (!made) throw new Error(`useradd made no user ${name}`);
  return { name, uid: made.uid, gid: made.gid };
}

/** This world's users, also those of a run that crashed. */
export function usersOf(world: string): Account[] {
  return entries().filter((entry) => entry.gecos === comment(world));
}

export function removeUser(user: Account): void {
  try {
    execFileSync('userdel', [user.name], { stdio: 'ignore' });
  } catch {
    // Gone already, or still has a process: the next start tries again.
  }
}
