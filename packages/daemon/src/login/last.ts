import type { StartLogin } from '@hoop/contracts/local';
import type * as z from 'zod';
import { gatewayUrl } from './attempt.js';
import type { GatewayFile, KnownGateway } from './remembered.js';

/** The gateway of the last login and why it was believed; outlives the login and the daemon. */
export class LastGateway {
  readonly #file: GatewayFile;
  #known: KnownGateway | undefined;

  /** A file that cannot be read is told, counts as none, and is written anew by the next login. */
  constructor(file: GatewayFile, unreadable: () => void) {
    this.#file = file;
    try {
      this.#known = file.read();
    } catch {
      unreadable();
    }
  }

  get address(): string | undefined {
    return this.#known?.gateway;
  }

  is({ gateway, ca, caFingerprint }: KnownGateway): void {
    this.#known = { gateway, ...trustIn({ ca, caFingerprint }) };
    this.#file.write(this.#known);
  }

  /** Where nothing is said of trust, that of the gateway's last login; never a weaker one because that one fails. */
  trusting(request: z.infer<typeof StartLogin>): z.infer<typeof StartLogin> {
    if (request.ca !== undefined || request.caFingerprint !== undefined || this.#known === undefined) return request;
    const same = this.#known.gateway === gatewayUrl(request.gateway).origin;
    return same ? { ...request, ...trustIn(this.#known) } : request;
  }
}

const trustIn = ({ ca, caFingerprint }: Pick<KnownGateway, 'ca' | 'caFingerprint'>) => ({
  ...(ca === undefined ? {} : { ca }),
  ...(caFingerprint === undefined ? {} : { caFingerprint }),
});
