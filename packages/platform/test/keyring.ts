import { join } from 'node:path';

/** Locks the login collection, as a desktop does (Secret Service API 0.2, Lock). */
export const LOCK = [
  ...['dbus-send', '--session', '--print-reply', '--dest=org.freedesktop.secrets', '/org/freedesktop/secrets'],
  'org.freedesktop.Secret.Service.Lock',
  'array:objpath:/org/freedesktop/secrets/collection/login',
] as const;

/** The program that does what a person's password does in the prompt: `node UNLOCK CONTROL-SOCKET PASSWORD`. */
export const UNLOCK = join(import.meta.dirname, 'unlock.ts');
