import type { Identity, Refusal } from '@hoop/core';
import { disabledRefusal, LEASE_OVER } from '../identity/admission.js';
import type { LiveFlow } from './live.js';
import type { Services } from './services.js';
import type { SyncLink } from './sync-links.js';
import type { Tunnel } from './tunnel.js';

/** Takes back what was given: every way in which flows, links and warm uplinks end before their time. */
export class Revocation {
  readonly #services: Services;
  readonly #tunnel: Tunnel;

  constructor(services: Services, tunnel: Tunnel) {
    this.#services = services;
    this.#tunnel = tunnel;
  }

  /** People were disabled in the store; answers how many flows of theirs end by it. */
  disabled(subjects: readonly string[], email: string): number {
    const refusal = disabledRefusal(email);
    const ended = this.#end((flow) => (subjects.includes(flow.identity.subject) ? refusal : undefined));
    for (const subject of subjects)
      for (const link of this.#services.links.ofPerson(subject)) link.end(refusal.code, refusal.message, refusal.hint);
    this.#tunnel.endWarm((uplink) => subjects.includes(uplink.certificate.subject));
    return ended;
  }

  /** A login has ended in the store. */
  loggedOut(loginId: string): void {
    this.#end((flow) => (flow.loginId === loginId ? LOGGED_OUT : undefined));
    for (const link of this.#services.links.ofLogin(loginId)) link.end('logged-out', LOGGED_OUT.message);
    this.#tunnel.endWarm((uplink) => uplink.certificate.loginId === loginId);
  }

  /** What time alone ends: leases, and warm uplinks whose certificate could open nothing any more. */
  expired(now: number): void {
    this.#tunnel.endWarm((uplink) => uplink.certificate.notAfter <= now);
    if (this.#services.live.all().some((flow) => flow.leaseUntil <= now))
      this.#end((flow) => (flow.leaseUntil <= now ? LEASE_OVER : undefined));
  }

  /** A login was made or renewed: its lease is longer, and the person's groups may be others. */
  async renewed(loginId: string, subject: string, leaseUntil: number): Promise<void> {
    const { live, links, store } = this.#services;
    for (const flow of live.all()) if (flow.loginId === loginId) flow.leaseUntil = leaseUntil;
    const found = await store.identity(subject);
    if (!found) return;
    const identity = { ...found.identity, groups: [...found.identity.groups] };
    for (const link of links.ofLogin(loginId)) link.send({ type: 'lease', until: leaseUntil, identity });
    for (const flow of live.all()) if (flow.identity.subject === subject) flow.identity = identity;
    this.#judgeAgain((each) => each === subject);
    for (const link of links.ofPerson(subject)) link.list(this.#services, identity);
  }

  /** Another configuration is in force: ends what it no longer allows, and sends the lists that have changed. */
  async reconsidered(): Promise<void> {
    this.#judgeAgain(() => true);
    await Promise.all(this.#services.links.all().map((link) => this.#relist(link)));
  }

  #judgeAgain(whose: (subject: string) => boolean): void {
    const { configured } = this.#services;
    this.#end(({ identity, connection, port, roles }) => {
      if (!whose(identity.subject)) return undefined;
      const decision = configured.policy.decide(identity, connection, port);
      if (!decision.allow) return decision.refusal;
      const now = configured.rolesOf(connection, identity);
      return roles.every((role) => now.includes(role)) ? undefined : fewerRoles(connection);
    });
  }

  async #relist(link: SyncLink): Promise<void> {
    const identity: Identity | undefined = (await this.#services.store.identity(link.subject))?.identity;
    if (identity) link.list(this.#services, identity);
  }

  #end(why: (flow: LiveFlow) => Refusal | undefined): number {
    const ended = this.#services.live.revoke(why);
    for (const { flow, refusal } of ended) {
      const { session, connection, identity } = flow;
      const { code, message } = refusal;
      const about = { person: identity.email, session, connection, code, message };
      this.#services.audit({ event: 'flow-revoked', ...about });
    }
    return ended.length;
  }
}

/** A session keeps what it was given; so it ends with the first that is taken back. */
const fewerRoles = (connection: string): Refusal => ({
  code: 'not-granted',
  message: `your database roles on ${connection} are others now`,
  hint: 'connect again',
});

const LOGGED_OUT: Refusal = { code: 'login-required', message: 'logged out', hint: 'log in again: hoop login' };
