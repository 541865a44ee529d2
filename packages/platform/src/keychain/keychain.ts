import { callKeychain, type KeychainCall, type KeychainReply } from './call.js';
import { keychainError, keychainErrorOf } from './errors.js';
import { type Lock, lockOf } from './lock.js';

/** The person's keychain, one account a login. Every method rejects with a `UserError` of `KeychainErrorCode`. */
export interface Keychain {
  /** Undefined: surely absent. A locked keychain is waited for instead. */
  get(account: string): Promise<string | undefined>;
  set(account: string, secret: string): Promise<void>;
  /** False: there was none. */
  delete(account: string): Promise<boolean>;
}

export interface KeychainOptions {
  /** The name that items go by in the keychain, e.g. `hoop`. */
  service: string;
  /** Where the D-Bus session is found; handed to the child as it is. */
  environment: NodeJS.ProcessEnv;
  /** True when a person is waited for to unlock, false when that is over. */
  waiting?: (is: boolean) => void;
  /** Milliseconds: for a call, for a person to unlock, between two looks at the lock. */
  deadlines?: { call: number; unlock: number; look: number };
  call?: (call: KeychainCall, options: { deadline: number; environment: NodeJS.ProcessEnv }) => Promise<KeychainReply>;
  lock?: (environment: NodeJS.ProcessEnv, deadline: number) => Promise<Lock>;
  pause?: (ms: number) => Promise<void>;
  now?: () => number;
}

const DEADLINES = { call: 5_000, unlock: 120_000, look: 2_000 };
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function openKeychain(options: KeychainOptions): Keychain {
  const { service, environment, waiting = () => {}, deadlines = DEADLINES } = options;
  const { call = callKeychain, lock = lockOf, pause = sleep, now = () => performance.now() } = options;

  const once = async (asked: KeychainCall, deadline: number) => resultOf(await call(asked, { deadline, environment }));
  const look = () => lock(environment, deadlines.call);

  let prompted = false;
  /**
   * Asks while locked, which lets the keyring prompt; then looks until it is open, without prompting again. A person who
   * has been asked once is not asked again: the next calls only find out that it is still locked.
   */
  const unlock = async (asked: KeychainCall) => {
    if (prompted) throw keychainError('keychain-locked');
    prompted = true;
    const until = now() + deadlines.unlock;
    waiting(true);
    try {
      const reply = await call(asked, { deadline: deadlines.unlock, environment });
      if (reply.end === 'done' && reply.value !== null && reply.value !== false) return reply.value;
      while ((await look()) === 'locked') {
        if (now() >= until) throw keychainError('keychain-locked');
        await pause(deadlines.look);
      }
      return await once(asked, deadlines.call);
    } finally {
      waiting(false);
    }
  };

  const perform = async (asked: KeychainCall) => {
    const state = await look();
    if (state === 'locked') return unlock(asked);
    refuseUnusable(state);
    prompted = false;
    return once(asked, state === 'unlocked' ? deadlines.call : deadlines.unlock);
  };
  return {
    get: async (account) => ((await perform({ do: 'get', service, account })) as string | null) ?? undefined,
    set: async (account, secret) => void (await perform({ do: 'set', service, account, secret })),
    delete: async (account) => (await perform({ do: 'delete', service, account })) === true,
  };
}

/**
 * A keychain that is known not to work is not tried: keytar would hang, or fail with words nobody understands. Without a
 * default collection it is tried all the same: a desktop then asks the person to make one.
 */
function refuseUnusable(state: Lock): void {
  if (state === 'absent') throw keychainError('keychain-absent');
  if (state === 'no-bus') throw keychainError('keychain-no-bus');
  if (state === 'hangs') throw keychainError('keychain-hangs');
}

function resultOf(reply: KeychainReply): string | boolean | null {
  if (reply.end === 'done') return reply.value;
  if (reply.end === 'failed') throw keychainErrorOf(reply.message);
  if (reply.end === 'missing') throw keychainError('keychain-missing');
  throw keychainError(reply.end === 'late' ? 'keychain-hangs' : 'keychain-crashed');
}
