import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { type AuthorityParts, authorityCertificate, newAuthority, replaceOwn, type Signer } from '@hoop/platform';
import type { SecretKeeper } from './login/entry.js';

export interface AuthorityOptions {
  /** The keychain: nothing else has the key. */
  secrets: SecretKeeper;
  account: string;
  /** Where the certificate is kept, for programs to be pointed at. */
  file: string;
  /** Told who signs leaves from now on. */
  signs(signer: Signer | undefined): void;
  failed(why: Error): void;
}

/** The laptop's own CA, if the person wants one: its key in the keychain, its certificate in a file. */
export class LocalAuthority {
  readonly #options: AuthorityOptions;
  #loading: Promise<void> | undefined;
  #held: Signer | undefined;

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  /** The certificate's path, while it signs. */
  get file(): string | undefined {
    return this.#held === undefined ? undefined : this.#options.file;
  }

  /** Takes it up again, if there is one. Never rejects: a later call tries again. */
  load(): Promise<void> {
    if (this.#held !== undefined || !existsSync(this.#options.file)) return Promise.resolve();
    this.#loading ??= this.#take()
      .then(() => undefined)
      .catch(this.#options.failed)
      .finally(() => {
        this.#loading = undefined;
      });
    return this.#loading;
  }

  /** The one there is, or a new one; rejects with the keychain's `UserError`. */
  async make(now: number): Promise<AuthorityParts> {
    const held = this.#held ?? (await this.#take());
    if (held !== undefined) return held.parts;
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const parts = newAuthority(key, now);
    const pkcs8 = key.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
    await this.#options.secrets.set(this.#options.account, JSON.stringify({ ...parts, key: pkcs8 }));
    this.#hold({ parts, privateKey: key.privateKey });
    return parts;
  }

  /** False: there was none. */
  async forget(): Promise<boolean> {
    const { secrets, account, file, signs } = this.#options;
    this.#held = undefined;
    signs(undefined);
    rmSync(file, { force: true });
    return secrets.delete(account);
  }

  async #take(): Promise<Signer | undefined> {
    const entry = await this.#options.secrets.get(this.#options.account);
    if (entry === undefined) return undefined;
    const { key, ...parts } = JSON.parse(entry) as AuthorityParts & { key: string };
    const privateKey = createPrivateKey({ key: Buffer.from(key, 'base64'), type: 'pkcs8', format: 'der' });
    return this.#hold({ parts, privateKey });
  }

  #hold(signer: Signer): Signer {
    replaceOwn(this.#options.file, authorityCertificate(signer.parts));
    this.#held = signer;
    this.#options.signs(signer);
    return signer;
  }
}
