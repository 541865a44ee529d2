import type { KeyObject } from 'node:crypto';
import type { WireIdentity } from '@hoop/contracts/gateway';
import type { Ended, Login, LoginAttempt, StartedLogin, StartLogin } from '@hoop/contracts/local';
import type * as z from 'zod';

/** What an uplink or a call of the gateway's API authenticates with. */
export interface Credential {
  gateway: URL;
  /** From discovery alone. */
  tunnel: readonly { host: string; port: number }[];
  /** PEM: the leaf alone. */
  certificate: string;
  key: KeyObject;
  /** PEM roots to trust in place of the system's. */
  ca: string | undefined;
  /** `sha256:<hex>` of a certificate that must be in the gateway's chain. */
  caFingerprint: string | undefined;
  /** Milliseconds since the epoch. */
  notAfter: number;
}

/** What the rest of the daemon needs of the login; `login/` supplies it. */
export interface Credentials {
  /** Undefined when nobody is logged in or the certificate is past its end. */
  current(): Credential | undefined;
  /** Somebody needs a credential now: one that is overdue, as after a sleep, or that the gateway has refused, is renewed at once. */
  wanted(isRefused?: boolean): void;
  /** Who is at work on a credential: a person who logs in, or hoopd, which renews. */
  pending(): 'person' | 'renewal' | undefined;
  /** `lastGateway`: where the last login was made, also after a logout. `ended`: why the one that is held has. */
  state(): {
    login: Login | null;
    attempt: LoginAttempt | null;
    lastGateway?: string | undefined;
    ended?: LoginAttempt['error'];
  };
  /** Called on each change: certificate renewed, login started or ended, attempt progressed. Answers the unsubscriber. */
  on(change: () => void): () => void;
  /** News from the sync uplink: the gateway honours the login until then, for this identity. */
  leaseIs(until: number, identity: z.infer<typeof WireIdentity>): void;
  /** The gateway has ended the login; what is kept here is given up. */
  endedByGateway(code: string, message: string, hint: string | undefined): void;
  /** Joins an attempt under way for the same; else starts one, in place of another. */
  start(request: z.infer<typeof StartLogin>): Promise<z.infer<typeof StartedLogin>>;
  cancel(): boolean;
  logout(): Promise<Ended>;
  /** Takes up the login that the keychain holds, if any. Never rejects because there is none. */
  restore(): Promise<void>;
  /**
   * Ends this one, whose login the keychain then has for the other profile, too: as that one's it can be restored. Answers what makes
   * the keychain forget it as this one's.
   */
  handOver(profile: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
