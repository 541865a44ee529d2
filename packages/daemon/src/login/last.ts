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

  get known(): KnownGateway | undefined {
    return this.#known;
  }

  is({ gateway, client, ...trust }: KnownGateway): void {
    this.#known = { gateway, ...trustIn(trust), ...(client === undefined ? {} : { client }) };
    this.#file.write(this.#known);
  }

  /** Where nothing is said of trust, that of the gateway's last login; never a weaker one because that one fails. */
  trusting(request: z.infer<typeof StartLogin>): z.infer<typeof StartLogin> {
    if (this.#known?.gateway !== gatewayUrl(request.gateway).origin) return request;
    const { sharedIdp, ...roots } = trustIn(this.#known);
    const isSaid = request.ca !== undefined || request.caFingerprint !== undefined;
    return { ...request, ...(isSaid ? {} : roots), ...(sharedIdp === undefined ? {} : { sharedIdp }) };
  }
}

const trustIn = ({ ca, caFingerprint, sharedIdp }: Pick<KnownGateway, 'ca' | 'caFingerprint' | 'sharedIdp'>) => ({
  ...(ca === undefined ? {} : { ca }),
  ...(caFingerprint === undefined ? {} : { caFingerprint }),
  ...(sharedIdp === undefined ? {} : { sharedIdp }),
});
