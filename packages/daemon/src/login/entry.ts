import { UserError } from '@hoop/core';
import * as z from 'zod';

/** What the keychain holds of a login, and nothing else does (design §5). */
export const Entry = z.object({
  issuer: z.string(),
  clientId: z.string(),
  subject: z.string(),
  loginId: z.string(),
  /** PKCS#8 DER, base64. */
  key: z.string(),
  refreshToken: z.string(),
});
export type Entry = z.infer<typeof Entry>;

/** Where entries live: the keychain, or this process. */
export interface EntryStore {
  kind: 'keychain' | 'memory';
  get(account: string): Promise<Entry | undefined>;
  set(account: string, entry: Entry): Promise<void>;
  delete(account: string): Promise<boolean>;
}

/** As `platform` supplies it. */
export interface SecretKeeper {
  get(account: string): Promise<string | undefined>;
  set(account: string, secret: string): Promise<void>;
  delete(account: string): Promise<boolean>;
}

export function keychainEntries(keychain: SecretKeeper): EntryStore {
  return {
    kind: 'keychain',
    get: async (account) => {
      const text = await keychain.get(account);
      return text === undefined ? undefined : parsed(text);
    },
    set: (account, entry) => keychain.set(account, JSON.stringify(entry)),
    delete: (account) => keychain.delete(account),
  };
}

export function memoryEntries(): EntryStore {
  const held = new Map<string, Entry>();
  return {
    kind: 'memory',
    get: async (account) => held.get(account),
    set: async (account, entry) => void held.set(account, entry),
    delete: async (account) => held.delete(account),
  };
}

/** An entry that is not ours is not repaired: its text, a secret, is in no message. */
function parsed(text: string): Entry {
  try {
    return Entry.parse(JSON.parse(text));
  } catch {
    throw new UserError('keychain-entry', 'what the keychain holds for hoop cannot be read', {
      hint: 'log in again: hoop login',
    });
  }
}
