import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { CancelRegistry } from './ports.js';

/** As PostgreSQL's process ids: positive, 31 bits. */
const PROCESS_LIMIT = 2 ** 31;

interface Minted {
  /** Digest of the secret: secrets of any length take equally long to compare. */
  digest: Buffer;
  cancel: () => void | Promise<void>;
}

/**
 * Keys by which a client may cancel its own work and nobody else's (PostgreSQL protocol, "Canceling Requests in
 * Progress"): the upstream's own never leave the gateway. An unknown process costs as long as a wrong secret.
 */
export function cancelRegistry(): CancelRegistry {
  const minted = new Map<number, Minted>();
  const salt = randomBytes(32);
  const digestOf = (secret: Uint8Array): Buffer => createHmac('sha256', salt).update(secret).digest();
  const nobody: Minted = { digest: digestOf(randomBytes(32)), cancel: () => {} };

  const freshProcess = (): number => {
    const process = randomInt(1, PROCESS_LIMIT);
    return minted.has(process) ? freshProcess() : process;
  };

  return {
    mint(cancel, secretBytes) {
      const process = freshProcess();
      const secret = randomBytes(secretBytes);
      minted.set(process, { digest: digestOf(secret), cancel });
      return { process, secret: new Uint8Array(secret), release: () => void minted.delete(process) };
    },
    async cancel(process, secret) {
      const owner = minted.get(process) ?? nobody;
      const same = timingSafeEqual(digestOf(secret), owner.digest);
      if (!same || owner === nobody) return false;
      await owner.cancel();
      return true;
    },
  };
}
