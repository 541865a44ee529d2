import type { WireConnection } from '@hoop/contracts/gateway';
import { matchesAny } from '@hoop/controls';
import type { Identity, Refusal } from '@hoop/core';
import { NAME } from './names.js';
import type { Config, ConnectionConfig, RoleConfig } from './schema.js';

/** What a person may do with a connection: `granted` opens, `requestable` is only seen; `hidden` does not exist for them. */
export type Standing = 'granted' | 'requestable' | 'hidden';
export type Decision = { allow: true; connection: ConnectionConfig } | { allow: false; refusal: Refusal };

/** Who may see and open what. Default deny: what no role names is hidden. Pure; made anew from each configuration. */
export class Policy {
  readonly #config: Pick<Config, 'connections' | 'roles'>;

  constructor(config: Pick<Config, 'connections' | 'roles'>) {
    this.#config = config;
  }

  standing(identity: Identity, name: string): Standing {
    const connection = this.connection(name);
    if (!connection) return 'hidden';
    const roles = this.#rolesOf(identity).filter((role) => role.ports?.includes(connection.listen) ?? true);
    if (roles.some((role) => matchesAny(role.connect, name))) return 'granted';
    return roles.some((role) => matchesAny(role.see, name)) ? 'requestable' : 'hidden';
  }

  /** Whether the person may open this connection at this port. A hidden one is answered like one that does not exist. */
  decide(identity: Identity, name: string, port: number): Decision {
    const standing = this.standing(identity, name);
    const connection = this.connection(name);
    if (!connection || standing === 'hidden') return refuse('unknown-connection', unknown(name), 'see: hoop ls');
    if (port !== connection.listen) {
      const message = `${name} is reached at port ${connection.listen}, not ${port}`;
      return refuse('port-refused', message, `use port ${connection.listen}`);
    }
    if (standing === 'granted') return { allow: true, connection };
    const ask = connection.contact ? `ask ${connection.contact}` : 'ask whoever runs this gateway';
    return refuse('not-granted', `${identity.email} may not open ${name}`, ask);
  }

  /** The list that a person's laptop shows, by name. */
  visible(identity: Identity): WireConnection[] {
    const names = Object.keys(this.#config.connections).sort();
    return names.flatMap((name) => {
      const state = this.standing(identity, name);
      const connection = this.connection(name);
      return state === 'hidden' || !connection ? [] : [wire(name, connection, state)];
    });
  }

  /** Own keys only: a name from the wire must not reach a prototype. */
  connection(name: string): ConnectionConfig | undefined {
    return Object.hasOwn(this.#config.connections, name) ? this.#config.connections[name] : undefined;
  }

  has(identity: Identity, role: 'admin' | 'auditor'): boolean {
    const configured = this.#config.roles[role];
    return configured?.groups.some((group) => identity.groups.includes(group)) ?? false;
  }

  #rolesOf(identity: Identity): RoleConfig[] {
    return Object.values(this.#config.roles).filter((role) =>
      role.groups.some((group) => identity.groups.includes(group)),
    );
  }
}

/** The name is the client's own words: it is repeated only if it could be a name. */
function unknown(name: string): string {
  return NAME.test(name) ? `there is no connection ${name}` : 'there is no connection of that name';
}

function refuse(code: Refusal['code'], message: string, hint: string): Decision {
  return { allow: false, refusal: { code, message, hint } };
}

function wire(name: string, it: ConnectionConfig, state: 'granted' | 'requestable'): WireConnection {
  return {
    name,
    protocol: it.protocol,
    port: it.listen,
    state,
    ...(it.databases[0] !== undefined && { database: it.databases[0] }),
    ...(it.description !== undefined && { description: it.description }),
    ...(it.contact !== undefined && { contact: it.contact }),
  };
}
