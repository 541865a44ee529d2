import { PROTOCOLS } from '@hoop/core';
import * as z from 'zod';
import type { Table } from '../http/index.js';
import { Controlled, Explained, ExplainRequest } from './controls.js';

export * from './controls.js';

/** The gateway's HTTP API, on the same TLS port as the tunnel (ALPN `http/1.1`). Times are milliseconds since the epoch. */

const Millis = z.number().int();

export const Discovery = z.object({
  version: z.literal(1),
  /** The gateway's own name, for people. */
  name: z.string(),
  /** OIDC: where to log in, as which public client, asking for what. */
  issuer: z.url(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  deviceFlow: z.boolean(),
  /** Where uplinks are dialled; taken from here alone. */
  tunnel: z.array(z.object({ host: z.string(), port: z.number().int().min(1).max(65535) })).min(1),
});
export type Discovery = z.infer<typeof Discovery>;

export const WireIdentity = z.object({ subject: z.string(), email: z.string(), groups: z.array(z.string()) });

/** A client certificate with what it stands for. */
export const Issued = z.object({
  /** PEM, the leaf alone. */
  certificate: z.string(),
  loginId: z.string(),
  identity: WireIdentity,
  notAfter: Millis,
  /** How long the gateway honours the login without news of it. */
  leaseUntil: Millis,
});
export type Issued = z.infer<typeof Issued>;

export const LoginRequest = z.object({
  /** PKCS#10, PEM, signed by the login's new key. */
  csr: z.string().max(16_384),
  idToken: z.string().max(65_536),
  /**
   * The ID token's nonce is base64url(SHA-256(SPKI DER ‖ random)), so the token is good for this key only. `null` in the
   * device flow, where an IdP may not return a nonce: then the token must be ≤ 60 s old, and is accepted once.
   */
  random: z.base64url().min(22).max(86).nullable(),
});
export const RenewRequest = z.object({
  loginId: z.string().max(64),
  /** Signed by the key that the login was made with. */
  csr: z.string().max(16_384),
  /** ≤ 1 h old, of the same subject. */
  idToken: z.string().max(65_536),
});

export const ConnectionState = z.enum(['granted', 'requestable']);
export const WireConnection = z.object({
  name: z.string(),
  protocol: z.enum(PROTOCOLS),
  port: z.number().int().min(1).max(65535),
  state: ConnectionState,
  /** The default database, where the protocol has such. */
  database: z.string().optional(),
  description: z.string().optional(),
  /** Whom to ask for leave. */
  contact: z.string().optional(),
});
export type WireConnection = z.infer<typeof WireConnection>;

export const SessionRow = z.object({
  id: z.string(),
  person: z.string(),
  connection: z.string(),
  protocol: z.enum(PROTOCOLS),
  program: z.string().optional(),
  database: z.string().optional(),
  startedAt: Millis,
  /** Absent while it is live. */
  endedAt: Millis.optional(),
  end: z.string().optional(),
  statements: z.number().int(),
  rows: z.number().int(),
  bytesIn: z.number().int(),
  bytesOut: z.number().int(),
  /** Milliseconds that statements ran, summed. */
  ms: z.number(),
});
export type SessionRow = z.infer<typeof SessionRow>;

export const RecordedStatement = z.object({
  number: z.number().int(),
  at: Millis,
  text: z.string(),
  parameters: z.array(z.string().nullable()).optional(),
  verdict: z.enum(['allow', 'deny']),
  rule: z.string().optional(),
  /** Guardrails that held and let it through. */
  matched: z.array(z.object({ rule: z.string(), then: z.enum(['warn', 'observe']) })).optional(),
  /** Cells of its answer that were masked, by rule. */
  masked: z.array(z.object({ rule: z.string(), cells: z.number().int() })).optional(),
  /** Absent if the session ended first. */
  ms: z.number().optional(),
  rows: z.number().int().optional(),
  bytes: z.number().int().optional(),
  tag: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  /** Only where the connection sets `record: output`. */
  output: z.array(z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.string().nullable())) })).optional(),
});
export type RecordedStatement = z.infer<typeof RecordedStatement>;

export const gatewayApi = {
  discovery: {
    method: 'GET',
    path: '/.well-known/hoop',
    summary: 'Where to log in and where the tunnel is',
    answer: Discovery,
  },
  health: {
    method: 'GET',
    path: '/healthz',
    summary: 'Whether the gateway serves',
    answer: z.object({ status: z.enum(['ok', 'draining']) }),
  },
  login: {
    method: 'POST',
    path: '/v1/logins',
    summary: 'A first certificate for an ID token',
    body: LoginRequest,
    answer: Issued,
  },
  renew: {
    method: 'POST',
    path: '/v1/certificates',
    summary: 'The next certificate of a login',
    body: RenewRequest,
    answer: Issued,
  },
  logout: {
    method: 'DELETE',
    path: '/v1/login',
    summary: 'Ends the login of the client certificate',
    answer: z.object({ ended: z.boolean() }),
  },
  connections: {
    method: 'GET',
    path: '/v1/connections',
    summary: 'What this person sees',
    answer: z.array(WireConnection),
  },
  controls: {
    method: 'GET',
    path: '/v1/connections/:name/controls',
    summary: 'What is controlled on a connection for this person',
    answer: Controlled,
  },
  explain: {
    method: 'POST',
    path: '/v1/connections/:name/explain',
    summary: 'What the controls would say of a statement; it is not run, and the look is audited',
    body: ExplainRequest,
    answer: Explained,
  },
  sessions: {
    method: 'GET',
    path: '/v1/sessions',
    summary: "One's own sessions, newest first; an auditor's look at all is itself audited",
    query: z.object({
      all: z.stringbool().optional(),
      connection: z.string().max(128).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
    answer: z.array(SessionRow),
  },
  session: {
    method: 'GET',
    path: '/v1/sessions/:id',
    summary: 'One session with its statements',
    answer: SessionRow.extend({ record: z.array(RecordedStatement) }),
  },
} as const satisfies Table;
