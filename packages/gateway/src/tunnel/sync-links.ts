import { SYNC_SILENCE, type SyncMessage, SyncReply } from '@hoop/contracts/uplink';
import { type Identity, ProtocolError } from '@hoop/core';
import type { Services } from './services.js';
import type { Consumer, Uplink } from './uplink.js';
import { warm } from './warm.js';

/** A laptop says no more than `pong`. */
const LINE = 4_096;
const decoder = new TextDecoder();

/** One sync uplink: a person's laptop that is told of changes. */
export class SyncLink implements Consumer {
  readonly #uplink: Uplink;
  readonly #links: SyncLinks;
  /** The person, as last heard of. */
  identity: Identity | undefined;
  #text = '';
  #sentList = '';
  #heard: number;
  #pinged: number;

  constructor(uplink: Uplink, links: SyncLinks, now: number) {
    this.#uplink = uplink;
    this.#links = links;
    this.#heard = now;
    this.#pinged = now;
  }

  get loginId(): string {
    return this.#uplink.certificate.loginId;
  }

  get subject(): string {
    return this.#uplink.certificate.subject;
  }

  send(message: SyncMessage): void {
    if (!this.#uplink.gone) this.#uplink.channel.send(Buffer.from(`${JSON.stringify(message)}\n`), true);
  }

  /** Sends the list if it is another than the one sent last. */
  list(services: Services, identity: Identity): void {
    this.identity = identity;
    warm(services, identity);
    const connections = services.configured.policy.visible(identity);
    const text = JSON.stringify(connections);
    if (text === this.#sentList) return;
    this.#sentList = text;
    this.send({ type: 'connections', connections });
  }

  /** The login is over: says why, and ends the link. */
  end(code: string, message: string, hint?: string | undefined, ended = true): void {
    this.send({ type: 'notice', code, message, ...(hint !== undefined && { hint }), ended });
    this.#uplink.end({ code, message, hint });
  }

  tick(now: number): void {
    if (now - this.#heard > SYNC_SILENCE) this.#uplink.end({ code: 'silence', message: 'no answer to pings' });
    else if (now - this.#pinged >= SYNC_SILENCE / 3) {
      this.#pinged = now;
      this.send({ type: 'ping' });
    }
  }

  data(bytes: Uint8Array): void {
    this.#uplink.channel.consumed(bytes.length, false);
    this.#heard = this.#links.now();
    this.#text += decoder.decode(bytes, { stream: true });
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    if (this.#text.length > LINE) throw new ProtocolError('an overlong line on the sync uplink');
    for (const line of lines) checkReply(line);
  }

  fin(): void {
    this.#uplink.channel.finish();
    this.#uplink.end();
  }

  writable(): void {}

  lost(): void {
    this.#links.delete(this);
    this.#uplink.end();
  }
}

function checkReply(line: string): void {
  try {
    SyncReply.parse(JSON.parse(line));
  } catch (cause) {
    throw new ProtocolError('a line on the sync uplink that is none of ours', { cause });
  }
}

/** All sync uplinks that are open. */
export class SyncLinks {
  readonly #links = new Set<SyncLink>();
  readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  open(services: Services, uplink: Uplink, identity: Identity, leaseUntil: number): void {
    const link = new SyncLink(uplink, this, this.now());
    this.#links.add(link);
    uplink.attach(link);
    link.list(services, identity);
    link.send({ type: 'lease', until: leaseUntil, identity: { ...identity, groups: [...identity.groups] } });
  }

  delete(link: SyncLink): void {
    this.#links.delete(link);
  }

  ofLogin(loginId: string): SyncLink[] {
    return [...this.#links].filter((link) => link.loginId === loginId);
  }

  ofPerson(subject: string): SyncLink[] {
    return [...this.#links].filter((link) => link.subject === subject);
  }

  all(): SyncLink[] {
    return [...this.#links];
  }

  tick(now: number): void {
    for (const link of this.#links) link.tick(now);
  }
}
