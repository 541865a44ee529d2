import type { TLSSocket } from 'node:tls';
import { Channel, type Head } from '@hoop/contracts/uplink';
import { certificateShown } from '../identity/admission.js';
import { openFlow } from './flow.js';
import type { Services } from './services.js';
import { Uplink } from './uplink.js';

/** The tunnel's end in the gateway: all uplinks that are open. */
export class Tunnel {
  readonly #services: Services;
  readonly #uplinks = new Set<Uplink>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** Takes a connection whose ALPN is the tunnel's. */
  accept(socket: TLSSocket): void {
    const shown = certificateShown(socket);
    if (!shown.ok) return this.#turnAway(socket, shown.why);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    const uplink = new Uplink(socket, shown.certificate, {
      head: (head, it) => this.#open(head, it),
      violated: (error, it) => this.#refused(it.address, 'protocol', error.message, it.certificate.subject),
      failed: (error, it) => this.#failed(error, it),
      closed: (it) => this.#gone(it),
    });
    this.#uplinks.add(uplink);
    this.#services.metrics.uplinks.set(this.#uplinks.size);
  }

  /** Ends warm uplinks: of the chosen logins, or those whose certificate is over and could open nothing. */
  endWarm(choose: (uplink: Uplink) => boolean): void {
    for (const uplink of this.#uplinks) if (uplink.warm && choose(uplink)) uplink.end();
  }

  endAll(): void {
    for (const uplink of this.#uplinks) uplink.end();
  }

  async #open(head: Head, uplink: Uplink): Promise<void> {
    if (head.kind === 'flow') return openFlow(this.#services, uplink, head);
    const admitted = await this.#services.admission.admit(uplink.certificate);
    if (admitted.ok) {
      this.#services.links.open(this.#services, uplink, admitted.identity, admitted.leaseUntil);
      return;
    }
    const { code, message, hint } = admitted.refusal;
    this.#refused(uplink.address, code, message, uplink.certificate.subject);
    uplink.end({ code, message, hint });
  }

  /** No certificate of ours: says so in the tunnel's words, in case it is a daemon of ours, and closes. */
  #turnAway(socket: TLSSocket, why: string): void {
    this.#refused(socket.remoteAddress ?? '', 'certificate', why);
    socket.on('error', () => undefined);
    socket.resume();
    const nothing = { data: () => undefined, fin: () => undefined, close: () => undefined, writable: () => undefined };
    new Channel(socket, nothing).close({ code: 'certificate', message: why, hint: 'log in again: hoop login' });
    socket.end();
    setTimeout(() => socket.destroy(), 250).unref();
  }

  #refused(address: string, code: string, message: string, subject?: string): void {
    this.#services.metrics.refused.inc({ code });
    this.#services.log.warn({ address, code, reason: message }, 'uplink refused');
    this.#services.audit({ event: 'uplink-refused', address, code, message, subject });
  }

  #failed(error: unknown, uplink: Uplink): void {
    this.#services.log.error({ err: error }, 'an uplink failed');
    uplink.end({ code: 'internal', message: 'the gateway failed; its log says why' });
  }

  #gone(uplink: Uplink): void {
    this.#uplinks.delete(uplink);
    this.#services.metrics.uplinks.set(this.#uplinks.size);
  }
}
