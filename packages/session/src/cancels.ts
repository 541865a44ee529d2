import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { CancelRegistry } from './ports.js';

/** As PostgreSQL's process ids: positive, 31 bits. */
const PROCESS_LIMIT = 2 ** 31;
const SECRET_BYTES = 4;

interface Minted {
  secret: Buffer;
  cancel: () => void | Promise<void>;
}

/**
 * Keys by which a client may cancel its own work and nobody else's (PostgreSQL protocol, "Canceling Requests in
 * Progress"): the upstream's own never leave the gateway. An unknown process costs as long as a wrong secret.
 */
export function cancelRegistry(): CancelRegistry {
  const minted = new Map<number, Minted>();
  const nobody: Minted = { secret: randomBytes(SECRET_BYTES), cancel: () => {} };

  const freshProcess = (): number => {
    const process = randomInt(1, PROCESS_LIMIT);
    return minted.has(process) ? freshProcess() : process;
  };

  return {
    mint(cancel) {
      const process = freshProcess();
      const secret = randomBytes(SECRET_BYTES);
      minted.set(process, { secret, cancel });
      return { process, secret: new Uint8Array(secret), release: () => void minted.delete(process) };
    },
    async cancel(process, secret) {
      const owner = minted.get(process) ?? nobody;
      const given = Buffer.alloc(SECRET_BYTES);
      given.set(secret.subarray(0, SECRET_BYTES));
      const same = timingSafeEqual(given, owner.secret) && secret.length === SECRET_BYTES;
      if (!same || owner === nobody) return false;
      await owner.cancel();
      return true;
    },
  };
}
