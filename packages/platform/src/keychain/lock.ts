import { runAside } from '../process/aside.js';

/**
 * Whether the collection that secrets go to is locked. keytar cannot tell: its `get` answers null both for "absent" and
 * for "locked" (Secret Service API 0.2, org.freedesktop.Secret.Collection, property Locked).
 * `absent`: no Secret Service on the bus, or no default collection · `hangs`: no answer by the deadline ·
 * `no-bus`: no D-Bus session · `unknown`: this system cannot be asked.
 */
export type Lock = 'locked' | 'unlocked' | 'absent' | 'no-collection' | 'no-bus' | 'hangs' | 'unknown';

const SERVICE = 'org.freedesktop.secrets';
const PATH = '/org/freedesktop/secrets/aliases/default';
const INTERFACE = 'org.freedesktop.Secret.Collection';
const GET = 'org.freedesktop.DBus.Properties.Get';

/** The programs that can ask, in the order they are tried; each comes with D-Bus, GLib or systemd. */
const ASK: readonly (readonly [string, ...string[]])[] = [
  ['dbus-send', '--session', '--print-reply', `--dest=${SERVICE}`, PATH, GET, `string:${INTERFACE}`, 'string:Locked'],
  ['gdbus', 'call', '--session', '-d', SERVICE, '-o', PATH, '-m', GET, INTERFACE, 'Locked'],
  ['busctl', '--user', 'get-property', SERVICE, PATH, INTERFACE, 'Locked'],
];

export async function lockOf(environment: NodeJS.ProcessEnv, deadline: number): Promise<Lock> {
  if (process.platform !== 'linux') return 'unknown';
  for (const command of ASK) {
    const { end, stdout, stderr } = await runAside(command, { environment, deadline });
    if (end === 'done') return lockIn(stdout);
    if (end === 'late') return 'hangs';
    if (end === 'failed') return failureIn(stderr);
  }
  return 'unknown';
}

/** Reads the boolean of the three programs' outputs. A path of `/` (no such alias) cannot be asked and fails instead. */
export function lockIn(out: string): Lock {
  if (/boolean true|<true>|^b true/m.test(out)) return 'locked';
  return /boolean false|<false>|^b false/m.test(out) ? 'unlocked' : 'unknown';
}

export function failureIn(err: string): Lock {
  if (/NoReply|did not receive a reply|Timeout/i.test(err)) return 'hangs';
  if (/ServiceUnknown|not provided by any \.service|NameHasNoOwner|could not activate|Spawn\./i.test(err))
    return 'absent';
  if (/UnknownObject|UnknownMethod|No such (object|interface)|does not exist|UnknownInterface/i.test(err))
    return 'no-collection';
  if (/connect|autolaunch|No such file|DBUS_SESSION_BUS_ADDRESS|No medium/i.test(err)) return 'no-bus';
  return 'unknown';
}
