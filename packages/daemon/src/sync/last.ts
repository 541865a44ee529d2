import { WireConnection } from '@hoop/contracts/gateway';
import type { Login } from '@hoop/contracts/local';
import * as z from 'zod';
import { type OwnFile, ownFile } from '../login/remembered.js';

/** What one person last saw of one gateway. Nothing in it is secret, and nothing in it grants anything. */
const Seen = z.strictObject({ gateway: z.string(), email: z.string(), connections: z.array(WireConnection) });
type Seen = z.infer<typeof Seen>;

/** The file of the last list, in a profile's folder. */
export const LIST = 'connections.json';

/**
 * The list of connections as it was last told, in `connections.json`: after a restart their names are there before the
 * keychain is open or a gateway has answered, so that a program is told why it has to wait, and not that a name is unknown.
 */
export class LastList {
  readonly #file: OwnFile<Seen>;
  #written = '';

  constructor(stateFolder: string, uid: number) {
    this.#file = ownFile(stateFolder, LIST, uid, Seen);
  }

  /** A file that cannot be read counts as none, and is written anew with the next list. */
  of({ gateway, identity }: Login): readonly WireConnection[] {
    try {
      const seen = this.#file.read();
      return seen?.gateway === gateway && seen.email === identity.email ? seen.connections : [];
    } catch {
      return [];
    }
  }

  is({ gateway, identity }: Login, connections: readonly WireConnection[]): void {
    const seen = { gateway, email: identity.email, connections: [...connections] };
    const text = JSON.stringify(seen);
    if (text === this.#written) return;
    try {
      this.#file.write(seen);
      this.#written = text;
    } catch {
      // A disk that does not take it costs the names after the next restart, nothing else.
    }
  }

  forget(): void {
    this.#written = '';
    this.#file.remove();
  }
}
