import type { FoundRole, OwnedRole } from '@hoop/core';
import type { Upstream } from '../ports.js';
import { PREFIX, type RoleNews } from './credentials.js';
import type { Errands, Place } from './sides.js';

export interface SweepPorts {
  errands: Errands;
  /** Who gets what a role owns, if it is ours and no session has it. */
  ownerOf(role: FoundRole): string | undefined;
  told(news: RoleNews): void;
}

type Leftover = OwnedRole & { databases: readonly string[] };

/** Finds roles that no session has any more, and drops them, in whichever databases they hold something. */
export class Sweep {
  readonly #ports: SweepPorts;
  readonly #running = new Map<string, Promise<void>>();
  /** Told once. */
  readonly #left = new Set<string>();

  constructor(ports: SweepPorts) {
    this.#ports = ports;
  }

  /** One at a time for each connection; who asks meanwhile waits for one that begins after this. */
  run(upstream: Upstream): Promise<void> {
    const { name } = upstream;
    const before = this.#running.get(name) ?? Promise.resolve();
    const run = before.catch(() => {}).then(() => this.#sweep(upstream));
    this.#running.set(name, run);
    return run;
  }

  async #sweep(upstream: Upstream): Promise<void> {
    const { errands } = this.#ports;
    const at = (database: string): Place => ({ upstream, database, purpose: 'drop' });
    const home = upstream.databases[0] ?? '';
    const listed = await errands.run(at(home), { do: 'list', prefix: PREFIX });
    if (!listed.ok) return this.#tell(upstream, '', listed.refusal.message);
    for (const found of listed.answer) {
      const owner = this.#ports.ownerOf(found);
      if (owner !== undefined) await this.#drop(upstream, at, home, { ...found, owner });
    }
  }

  async #drop(upstream: Upstream, at: (database: string) => Place, home: string, role: Leftover): Promise<void> {
    const { errands } = this.#ports;
    const { name, owner, databases } = role;
    const roles = [{ name, owner }];
    const last = databases.at(-1) ?? home;
    for (const database of databases.slice(0, -1)) {
      const disowned = await errands.run(at(database), { do: 'disown', roles });
      if (!disowned.ok) return this.#tell(upstream, name, `in ${database}: ${disowned.refusal.message}`);
    }
    const dropped = await errands.run(at(last), { do: 'drop', roles });
    if (!dropped.ok) return this.#tell(upstream, name, `in ${last}: ${dropped.refusal.message}`);
    if (dropped.answer.length > 0) return this.#tell(upstream, name, 'it is still in use');
    this.#left.delete(`${upstream.name} ${name}`);
    this.#ports.told({ event: 'role-dropped', role: name, connection: upstream.name });
  }

  #tell({ name: connection }: Upstream, role: string, message: string): void {
    const key = `${connection} ${role}`;
    if (this.#left.has(key)) return;
    this.#left.add(key);
    this.#ports.told({ event: 'role-left', role, connection, message });
  }
}
