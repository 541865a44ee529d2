import { readFileSync } from 'node:fs';
import { type FlowGuardrails, Guardrails, type Listed, type MaskRule, matchesAny, Scope } from '@hoop/controls';
import { type Identity, UserError } from '@hoop/core';
import { rolesFor, type Upstream } from '@hoop/session';
import { maskRules } from './masks.js';
import { Policy } from './policy.js';
import { lookUp } from './reference.js';
import type { Config, ConnectionConfig } from './schema.js';

/** A configuration in force: itself, the policy, guardrails and masks made from it, and the upstreams with their roots read. */
export class Configured {
  readonly config: Config;
  readonly policy: Policy;
  readonly guardrails: Guardrails;
  readonly masks: readonly MaskRule[];
  readonly #upstreams: Map<string, Upstream>;

  /** Throws `UserError` `config` if a file that it names cannot be read. */
  constructor(config: Config) {
    this.config = config;
    this.policy = new Policy(config);
    this.guardrails = new Guardrails(config.guardrails);
    this.masks = maskRules(config.masks);
    const entries = Object.entries(config.connections);
    this.#upstreams = new Map(entries.map(([name, it]) => [name, upstreamOf(name, it)]));
  }

  /** What guards a connection that this person opens, by that program of theirs if it is known. */
  guardrailsFor(connection: string, identity: Identity, program?: string): FlowGuardrails {
    return this.guardrails.for({ ...this.#scope(connection, identity), program });
  }

  /** The same for any program, as it is told to the person. */
  guardrailsListed(connection: string, identity: Identity): readonly Listed[] {
    return this.guardrails.listed(this.#scope(connection, identity));
  }

  #scope(connection: string, identity: Identity) {
    const contact = this.policy.connection(connection)?.contact;
    return { connection, groups: identity.groups, contact, masked: this.isMasked(connection, identity) };
  }

  /** Masks of a connection, whoever opens it. */
  masksOf(connection: string): MaskRule[] {
    return this.masks.filter(({ connections }) => matchesAny(connections, connection));
  }

  /** Those that hold for this person. */
  masksFor(connection: string, { groups }: Identity): MaskRule[] {
    return this.masksOf(connection).filter(({ exempt }) => !exempt.some((group) => groups.includes(group)));
  }

  /** Whether a mask hides anything of a connection from this person. */
  isMasked(connection: string, { groups }: Identity): boolean {
    const { hasColumns, wanted } = new Scope(this.masks, connection, groups);
    return hasColumns || wanted !== 0;
  }

  /** Whether anything on a connection, whoever opens it, goes by what its statements do. */
  isControlled(connection: string): boolean {
    return this.guardrails.concern(connection) || this.masksOf(connection).length > 0;
  }

  upstreams(): Upstream[] {
    return [...this.#upstreams.values()];
  }

  /** The database roles that a person's sessions act as there; none where they share the gateway's own. */
  rolesOf(connection: string, { groups }: Identity): string[] {
    const ephemeral = this.#upstreams.get(connection)?.ephemeral;
    return ephemeral ? rolesFor(ephemeral, groups) : [];
  }

  upstream(name: string): Upstream {
    const upstream = this.#upstreams.get(name);
    if (!upstream) throw new Error(`no upstream for ${name}`);
    return upstream;
  }
}

function upstreamOf(name: string, it: ConnectionConfig): Upstream {
  const ephemeral = it.credential === 'static' ? undefined : it.credential.ephemeral;
  const { user, password } = ephemeral ?? it;
  const login = async (account: string) => ({
    user: account,
    password: password === undefined ? '' : (await lookUp(password)).reveal(),
  });
  return {
    name,
    protocol: it.protocol,
    host: it.host,
    port: it.port,
    tls: it.tls.mode,
    ...(it.tls.ca !== undefined && { ca: pemAt(name, it.tls.ca) }),
    databases: it.databases,
    record: it.record,
    ...(user !== undefined && { login: () => login(user) }),
    ...(ephemeral && { ephemeral: { grants: ephemeral.roles, lifetimeMs: ephemeral.lifetimeMinutes * 60_000 } }),
  };
}

function pemAt(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new UserError('config', `connections.${name}.tls.ca: cannot read ${path}: ${code}`, { cause });
  }
}
