import { isIP } from 'node:net';
import { PROTOCOLS } from '@hoop/core';
import * as z from 'zod';
import { GuardrailsConfig } from './guardrails.js';
import { MasksConfig } from './masks.js';
import { Groups, Name, Pattern } from './names.js';

/**
 * gateway.yaml (design §6). Every object is strict: a key without effect is refused, so that nobody believes in a
 * guardrail that does not exist.
 */

/** A DNS name (RFC 1123 §2.1, and the underscores that container networks use) or an IP address. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
export const isHost = (text: string) =>
  isIP(text) > 0 ||
  (text.length <= 253 &&
    text
      .replace(/\.$/, '')
      .split('.')
      .every((label) => LABEL.test(label)));
const Host = z.string().refine(isHost, 'must be a host name or an IP address');
const Port = z.number().int().min(1).max(65535);
const Reference = z
  .string()
  .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, 'a secret is given by reference: env:NAME or file:/path');
const Address = z.strictObject({ host: Host, port: z.number().int().min(0).max(65535) });

/** Where a protocol has a port of its own. */
const DEFAULT_PORT: Record<(typeof PROTOCOLS)[number], number | undefined> = { postgres: 5432, tcp: undefined };

/** A role of its own for each session: minted by this login, dropped at the end. */
const Ephemeral = z.strictObject({
  /** The database user that mints; it needs CREATEROLE and the roles below, with admin option. */
  user: z.string().min(1),
  password: Reference.optional(),
  /** Which database roles a session is a member of, by the person's groups; it acts as the first, which owns what it makes. */
  roles: z.array(z.strictObject({ groups: z.array(z.string().min(1)).min(1), role: z.string().min(1).max(63) })).min(1),
  /** How long a role that was minted ahead may wait for its session. */
  lifetimeMinutes: z.number().min(1).max(1440).default(10),
});
export type EphemeralConfig = z.output<typeof Ephemeral>;

const Connection = z
  .strictObject({
    protocol: z.enum(PROTOCOLS),
    host: Host,
    /** The resource's port. */
    port: Port.optional(),
    /** The port people use on the name; the resource's if absent. */
    listen: Port.optional(),
    tls: z
      .strictObject({ mode: z.enum(['verify-full', 'disable']).default('verify-full'), ca: z.string().optional() })
      .default({ mode: 'verify-full' }),
    databases: z.array(z.string().min(1).max(63)).default([]),
    user: z.string().min(1).optional(),
    password: Reference.optional(),
    /** What a session logs in with: the user above, or a role of its own. */
    credential: z
      .union(
        [z.literal('static'), z.strictObject({ ephemeral: Ephemeral })],
        'must be static, or ephemeral with what it needs',
      )
      .default('static'),
    record: z.enum(['statements', 'output']).default('statements'),
    description: z.string().max(200).optional(),
    contact: z.string().max(200).optional(),
  })
  .superRefine((it, context) => {
    const complain = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (it.port === undefined && DEFAULT_PORT[it.protocol] === undefined)
      complain('port', `${it.protocol} has no port of its own: give one`);
    if (it.protocol === 'postgres') {
      if (it.databases.length === 0) complain('databases', 'list at least one database; the first is the default');
      const { user, password, credential } = it;
      if (credential === 'static' && user === undefined)
        complain('user', 'the database user that the gateway logs in as');
      if (credential !== 'static')
        for (const [key, value] of Object.entries({ user, password }))
          if (value !== undefined) complain(key, 'sessions have roles of their own here: without effect');
      return;
    }
    if (it.credential !== 'static') complain('credential', `${it.protocol} has none: without effect`);
    for (const key of ['databases', 'user', 'password'] as const)
      if (it[key] !== undefined && it[key].length > 0) complain(key, `${it.protocol} has none: without effect`);
    if (it.record === 'output') complain('record', `${it.protocol} has no output that can be recorded: without effect`);
  })
  .transform((it) => {
    const port = it.port ?? DEFAULT_PORT[it.protocol] ?? 0;
    return { ...it, port, listen: it.listen ?? DEFAULT_PORT[it.protocol] ?? port };
  });
export type ConnectionConfig = z.output<typeof Connection>;

const Role = z.strictObject({
  groups: Groups,
  see: z.array(Pattern).default([]),
  connect: z.array(Pattern).default([]),
  /** Only connections with one of these ports; all if absent. */
  ports: z.array(Port).min(1).optional(),
});
export type RoleConfig = z.output<typeof Role>;

const Limits = z.strictObject({
  connections: z.number().int().min(1).default(8192),
  perAddress: z.number().int().min(1).default(2048),
  flowsPerPerson: z.number().int().min(1).default(2048),
});

export const Config = z.strictObject({
  name: Name,
  listen: Address,
  /** The name that laptops dial. */
  publicHost: Host,
  /** If another port than `listen.port` is seen from outside. */
  publicPort: Port.optional(),
  data: z.string().min(1),
  tls: z.strictObject({ certificate: z.string(), key: z.string() }).optional(),
  idp: z.strictObject({
    issuer: z.url(),
    clientId: z.string().min(1),
    scopes: z.array(z.string().min(1)).default(['openid', 'email', 'profile', 'offline_access']),
    groupsClaim: z.string().min(1).default('groups'),
    emailClaim: z.string().min(1).default('email'),
    deviceFlow: z.boolean().default(false),
    ca: z.string().optional(),
  }),
  connections: z.record(Name, Connection).default({}),
  roles: z.record(Name, Role).default({}),
  guardrails: GuardrailsConfig.default(GuardrailsConfig.parse({})),
  masks: MasksConfig.default(MasksConfig.parse({})),
  leaseMinutes: z.number().min(1).max(1440).default(60),
  durability: z.enum(['writes', 'all']).default('writes'),
  drainSeconds: z.number().min(0).max(3600).default(10),
  limits: Limits.default(Limits.parse({})),
  metrics: z.strictObject({ listen: Address }).optional(),
});
export type Config = z.output<typeof Config>;
