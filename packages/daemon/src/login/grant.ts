import { HoopError, UserError } from '@hoop/core';
import type { Clock } from './clock.js';
import type { Entry, EntryStore } from './entry.js';
import type { Provider, Tokens } from './oidc.js';

export interface GrantOptions {
  account: string;
  entries: EntryStore;
  clock: Clock;
  open: (entry: Entry) => Promise<Provider>;
  /** The store did not take a new refresh token; it is offered again before the next use. */
  unsaved: (why: HoopError) => void;
}

const MINUTE = 60_000;
/** The gateway takes an ID token for an hour; we stay below, and below what the token says itself. */
const TOKEN_AGE = 55 * MINUTE;
const TOKEN_SPARE = 30_000;

/**
 * What the IdP has granted: an ID token that is shown to the gateway for up to an hour, and the refresh token for the
 * next one. Only this uses the refresh token, one use at a time, and a new one is stored before it is used: an IdP that
 * rotates them ends the login of whoever shows an old one.
 */
export class Grant {
  readonly #options: GrantOptions;
  #entry: Entry;
  #tokens: Tokens | undefined;
  #provider: Provider | undefined;
  /** The entry holds a refresh token that the store does not have. */
  #unsaved = false;
  #over = false;

  constructor(options: GrantOptions, entry: Entry, tokens?: Tokens) {
    this.#options = options;
    this.#entry = entry;
    this.#tokens = tokens;
  }

  /** One that the gateway should take; `anew`: whatever we hold, since it did not. */
  async idToken(anew: boolean): Promise<{ token: string; fresh: boolean }> {
    if (this.#unsaved) await this.#save().catch(this.#tell);
    if (!anew && this.#tokens !== undefined && this.#isFresh(this.#tokens)) {
      return { token: this.#tokens.idToken, fresh: false };
    }
    if (this.#unsaved) await this.#save();
    return { token: (await this.#refresh()).idToken, fresh: true };
  }

  /** Gives the refresh token back to the IdP, if it has a way for that. */
  async revoke(): Promise<void> {
    await (await this.#open()).revoke(this.#entry.refreshToken);
  }

  /** Nothing is stored any more. */
  end(): void {
    this.#over = true;
  }

  async #refresh(): Promise<Tokens> {
    const tokens = await this.#ask();
    if (tokens.subject !== this.#entry.subject) {
      throw new UserError('login-expired', 'the IdP answered for another person', { hint: 'log in again: hoop login' });
    }
    this.#tokens = tokens;
    if (tokens.refreshToken !== undefined && tokens.refreshToken !== this.#entry.refreshToken) {
      this.#entry = { ...this.#entry, refreshToken: tokens.refreshToken };
      this.#unsaved = true;
      // The ID token is good all the same; the refresh token waits until it is stored.
      await this.#save().catch(this.#tell);
    }
    return tokens;
  }

  /** What the IdP says of itself is read again after a failure: it may have moved. */
  async #ask(): Promise<Tokens> {
    try {
      return await (await this.#open()).refresh(this.#entry.refreshToken);
    } catch (error) {
      this.#provider = undefined;
      throw error;
    }
  }

  async #save(): Promise<void> {
    if (this.#over) return;
    await this.#options.entries.set(this.#options.account, this.#entry);
    this.#unsaved = false;
  }

  #tell = (error: unknown) => {
    const why = error instanceof HoopError ? error : new HoopError('keychain-failed', 'the login could not be stored');
    this.#options.unsaved(why);
  };

  #isFresh({ issuedAt, expiresAt }: Tokens): boolean {
    const now = this.#options.clock.now();
    return now < Math.min(issuedAt + TOKEN_AGE, expiresAt - TOKEN_SPARE) && now > issuedAt - MINUTE;
  }

  async #open(): Promise<Provider> {
    this.#provider ??= await this.#options.open(this.#entry);
    return this.#provider;
  }
}
