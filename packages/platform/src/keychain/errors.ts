import { UserError } from '@hoop/core';

export type KeychainErrorCode =
  | 'keychain-missing'
  | 'keychain-no-bus'
  | 'keychain-absent'
  | 'keychain-no-collection'
  | 'keychain-locked'
  | 'keychain-hangs'
  | 'keychain-crashed'
  | 'keychain-failed';

const MEMORY = "`hoop login --login-store=memory` keeps the login in memory only, until hoop's daemon ends";
const WORDS: Record<KeychainErrorCode, readonly [message: string, cure: string]> = {
  'keychain-missing': ['the keychain library (keytar) is not installed', 'reinstall hoop with libsecret-1-0 present'],
  'keychain-no-bus': [
    'no D-Bus session is reachable, so neither is a keyring',
    'log in on a desktop session, or set DBUS_SESSION_BUS_ADDRESS to a running session bus',
  ],
  'keychain-absent': ['no keyring runs on this D-Bus session', 'install and start gnome-keyring or KWallet'],
  'keychain-no-collection': [
    'the keyring has no default collection',
    'create one (in Seahorse: New, Password keyring)',
  ],
  'keychain-locked': ['the keyring is locked', 'unlock it, then try again'],
  'keychain-hangs': ['the keyring does not answer', 'restart the keyring (gnome-keyring-daemon --replace)'],
  'keychain-crashed': ['the keychain library ended unexpectedly', 'try again'],
  'keychain-failed': ['the keyring refused', "look at the keyring's own messages"],
};

/** What stops a keychain call: what it is, what to do, and the way without a keychain. `detail` is the keyring's own text. */
export function keychainError(code: KeychainErrorCode, detail?: string): UserError<KeychainErrorCode> {
  const [message, cure] = WORDS[code];
  return new UserError(code, detail === undefined ? message : `${message}: ${detail}`, {
    hint: `${cure}; or ${MEMORY}`,
  });
}

/** Sorts the library's own text (keytar on libsecret, measured) into ours. */
export function keychainErrorOf(message: string): UserError<KeychainErrorCode> {
  if (/locked collection|prompt was dismissed/i.test(message)) return keychainError('keychain-locked');
  if (/Timeout was reached/i.test(message)) return keychainError('keychain-hangs');
  if (/not provided by any \.service|NameHasNoOwner/i.test(message)) return keychainError('keychain-absent');
  if (/autolaunch|Could not connect|Cannot spawn a message bus|Error spawning/i.test(message))
    return keychainError('keychain-no-bus');
  if (/does not exist at path/i.test(message)) return keychainError('keychain-no-collection');
  return keychainError('keychain-failed', message);
}
