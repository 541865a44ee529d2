import { PROTOCOLS } from '@hoop/core';
import * as z from 'zod';
import {
  Controlled,
  Explained,
  ExplainRequest,
  RecordedStatement,
  SessionRow,
  WireIdentity,
} from '../gateway/index.js';
import type { Table } from '../http/index.js';

/**
 * The local API: HTTP/JSON on the daemon's unix socket. Nothing in it is a secret: no token and no key is ever in an
 * answer. `Host` must be `hoopd`; a request with an `Origin` is refused. Times are milliseconds since the epoch.
 */

const Millis = z.number().int();

/** What one connection looks like on this laptop. */
export const LocalConnection = z.object({
  name: z.string(),
  /** Whose it is, where there are several profiles. */
  profile: z.string().optional(),
  /** `pg-prod.hoop`; `pg-prod.acme.hoop` where `acme` is not the default profile. */
  hostname: z.string(),
  protocol: z.enum(PROTOCOLS),
  /** Its own stable loopback address and its real port. */
  address: z.string(),
  port: z.number().int(),
  /** Where it can be reached now: the two above (`byName`), or 127.0.0.1 and a stable high port. */
  reach: z.object({ address: z.string(), port: z.number().int(), byName: z.boolean() }),
  /** `blocked`: not bound by name, see `holder`. `offline`: its gateway cannot be reached. */
  state: z.enum(['ready', 'blocked', 'requestable', 'offline']),
  /** Who holds the port, e.g. `docker-proxy (pid 812)`. */
  holder: z.string().optional(),
  /** What mends it. */
  hint: z.string().optional(),
  database: z.string().optional(),
  description: z.string().optional(),
  contact: z.string().optional(),
  flows: z.number().int(),
});
export type LocalConnection = z.infer<typeof LocalConnection>;

/** A login under way. Ends by vanishing (success: `login` is set) or with `failed`. */
export const LoginAttempt = z.object({
  /** `renewal`, `restore`: no attempt of a person, but why the login that is held cannot be renewed or taken up. */
  id: z.string(),
  phase: z.enum(['discovering', 'browser', 'device', 'waiting-for-unlock', 'certifying', 'failed']),
  /** Where the person goes. */
  url: z.string().optional(),
  userCode: z.string().optional(),
  expiresAt: Millis.optional(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
});
export type LoginAttempt = z.infer<typeof LoginAttempt>;
/** `joined`: it was under way already, and whoever started it has the page. */
export const StartedLogin = LoginAttempt.extend({ joined: z.boolean() });

export const Login = z.object({
  identity: WireIdentity,
  gateway: z.string(),
  issuer: z.string(),
  /** `expired`: a person must log in again. */
  state: z.enum(['active', 'renewing', 'waiting-for-unlock', 'expired']),
  store: z.enum(['keychain', 'memory']),
  certificateUntil: Millis.optional(),
  leaseUntil: Millis.optional(),
  since: Millis,
});
export type Login = z.infer<typeof Login>;

/** One login and its gateway. */
const ofProfile = {
  login: Login.nullable(),
  attempt: LoginAttempt.nullable(),
  /** Where the last login was made, also after a logout. */
  lastGateway: z.string().optional(),
  gateway: z
    .object({
      url: z.string(),
      state: z.enum(['online', 'connecting', 'offline']),
      since: Millis,
      warm: z.number().int(),
      error: z.string().optional(),
    })
    .nullable(),
  /** What only the person can do, before programs can connect again; null: nothing. */
  needs: z
    .object({ act: z.enum(['log-in', 'unlock', 'ask']), message: z.string(), hint: z.string().optional() })
    .nullable(),
};
export const ProfileState = z.object({
  name: z.string(),
  /** Its connections have the short names. */
  isDefault: z.boolean(),
  ...ofProfile,
});
export type ProfileState = z.infer<typeof ProfileState>;

/** What the daemon knows; `watch` streams it. */
export const State = z.object({
  daemon: z.object({
    version: z.string(),
    pid: z.number().int(),
    startedAt: Millis,
    resolver: z.object({ address: z.string(), port: z.number().int(), answered: z.number().int() }).nullable(),
    /** The file of the laptop's own CA, which then signs what programs see here. */
    authority: z.string().optional(),
  }),
  /** Of the default profile. */
  ...ofProfile,
  /** Where there are several: each, the default one among them. */
  profiles: z.array(ProfileState).optional(),
  connections: z.array(LocalConnection),
  /** Programs that wait, while a login is under way. */
  waiting: z.number().int(),
  /** What was turned away here: peers of other users, browsers on a listener, foreign Host or Origin. */
  refused: z.object({
    peers: z.number().int(),
    protocol: z.number().int(),
    api: z.number().int(),
    ports: z.number().int(),
  }),
  problems: z.array(
    z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      /** Whose it is, where there are several. */
      profile: z.string().optional(),
    }),
  ),
});
export type State = z.infer<typeof State>;

/** A line of `watch` (application/x-ndjson): first a snapshot, then what changed, by top-level key. */
export const WatchLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('snapshot'), state: State }),
  z.object({ type: z.literal('change'), changed: State.partial() }),
]);
export type WatchLine = z.infer<typeof WatchLine>;
export const WATCH_PATH = '/v1/watch';

/** Without `ca` and `caFingerprint`, a gateway that is `lastGateway` is trusted as at its last login. */
export const StartLogin = z.object({
  gateway: z.url(),
  /** PEM of the roots to trust for the gateway and the IdP, in place of the system's. */
  ca: z.string().max(1_000_000).optional(),
  /** `sha256:<hex>` of a certificate in the gateway's chain. */
  caFingerprint: z.string().max(128).optional(),
  flow: z.enum(['browser', 'device']),
  store: z.enum(['keychain', 'memory']),
  /** The gateway may be known to the IdP as that of another profile is. */
  sharedIdp: z.boolean().optional(),
  /** Which login it is to be; it is made if there is none of that name. */
  profile: z.string().optional(),
});

/** Whose gateway is meant; the default profile's, if it is not said. */
const Whose = z.object({ profile: z.string().optional() });

/** How a login was ended: `untold`, who could not be reached and so holds it until it runs out. */
export const Ended = z.object({ ended: z.boolean(), untold: z.array(z.enum(['gateway', 'IdP'])).optional() });
export type Ended = z.infer<typeof Ended>;

export const localApi = {
  status: {
    method: 'GET',
    path: '/v1/status',
    summary: 'The state, once; `probe`: when each gateway was asked whether it answers, which takes seconds at most',
    query: z.object({ probe: z.stringbool().optional() }),
    answer: State,
  },
  login: {
    method: 'POST',
    path: '/v1/login',
    summary: 'Starts a login, or joins the one under way; `watch` tells how it goes',
    body: StartLogin,
    answer: StartedLogin,
  },
  cancelLogin: {
    method: 'DELETE',
    path: '/v1/login/attempt',
    summary: 'Gives up the login under way',
    query: Whose,
    answer: z.object({ cancelled: z.boolean() }),
  },
  logout: {
    method: 'POST',
    path: '/v1/logout',
    summary: 'Ends the login here, at the gateway and at the IdP',
    query: Whose,
    answer: Ended,
  },
  controls: {
    method: 'GET',
    path: '/v1/connections/:name/controls',
    summary: 'What is controlled on a connection, as the gateway tells it',
    query: Whose,
    answer: Controlled,
  },
  explain: {
    method: 'POST',
    path: '/v1/connections/:name/explain',
    summary: 'What the controls would say of a statement',
    query: Whose,
    body: ExplainRequest,
    answer: Explained,
  },
  sessions: {
    method: 'GET',
    path: '/v1/sessions',
    summary: 'Sessions as the gateway tells them',
    query: Whose.extend({
      all: z.stringbool().optional(),
      connection: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
    answer: z.array(SessionRow),
  },
  session: {
    method: 'GET',
    path: '/v1/sessions/:id',
    summary: 'One session',
    query: Whose,
    answer: SessionRow.extend({ record: z.array(RecordedStatement) }),
  },
  useProfile: {
    method: 'POST',
    path: '/v1/profiles/:name/default',
    summary: 'Gives the short names to this profile',
    answer: z.object({ name: z.string() }),
  },
  renameProfile: {
    method: 'POST',
    path: '/v1/profiles/:name/rename',
    summary: 'Calls it otherwise, with its login, its addresses and, if it has them, the short names',
    body: z.object({ to: z.string() }),
    answer: z.object({ name: z.string() }),
  },
  removeProfile: {
    method: 'DELETE',
    path: '/v1/profiles/:name',
    summary: 'Ends its login and forgets it, with its addresses',
    answer: Ended,
  },
  makeAuthority: {
    method: 'POST',
    path: '/v1/authority',
    summary: 'Makes the laptop’s own CA, or tells the one there is: what its certificate is made of',
    answer: z.object({ publicKey: z.string(), serial: z.string(), notBefore: Millis, signature: z.string() }),
  },
  forgetAuthority: {
    method: 'DELETE',
    path: '/v1/authority',
    summary: 'Ends the laptop’s own CA; its key is gone',
    answer: z.object({ forgotten: z.boolean() }),
  },
  retry: {
    method: 'POST',
    path: '/v1/retry',
    summary: 'Tries again what could not be bound',
    answer: State,
  },
  stop: {
    method: 'POST',
    path: '/v1/stop',
    summary: 'Ends the daemon',
    answer: z.object({ stopping: z.literal(true) }),
  },
} as const satisfies Table;
