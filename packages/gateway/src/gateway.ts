import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Server } from 'node:tls';
import { gatewayApi } from '@hoop/contracts/gateway';
import { mount } from '@hoop/contracts/http';
import { HoopError, type Refusal } from '@hoop/core';
import type { Logger } from 'pino';
import { lateHandlers } from './admin/late.js';
import { adminHandlers, disabledRefusal } from './admin/operations.js';
import { ownData } from './admin/socket.js';
import { type ApiServices, type Call, handlersOf } from './api/handlers.js';
import { app, httpServer, socketOf } from './api/http.js';
import { metricsServer } from './api/metrics-server.js';
import { Configured } from './config/configured.js';
import type { Config } from './config/schema.js';
import { Admission, certificateShown, LEASE_OVER } from './identity/admission.js';
import { Authority } from './identity/authority.js';
import { Logins } from './identity/logins.js';
import { Provider } from './identity/provider.js';
import { serverCertificate } from './identity/server-certificate.js';
import { Metrics } from './metrics.js';
import type { AuditLine } from './record/lines.js';
import { openRecord } from './record/open.js';
import { tallyOf } from './record/read.js';
import type { GatewayRecord } from './record/record.js';
import { openStore, RECORD_FOLDER } from './store/open.js';
import type { Store } from './store/store.js';
import { SHUTTING_DOWN } from './tunnel/flow.js';
import { type LiveFlow, LiveFlows } from './tunnel/live.js';
import { listen, tlsServer } from './tunnel/server.js';
import type { Sessions } from './tunnel/services.js';
import { SyncLinks } from './tunnel/sync-links.js';
import { Tunnel } from './tunnel/tunnel.js';

const TICK = 1_000;
/** After the native error: flows that still run then have no peer that listens. */
const CUT = 1_000;

export interface GatewayOptions {
  config: Config;
  log: Logger;
  sessions: Sessions;
  /** Milliseconds since the epoch; a test's own clock. */
  now?: (() => number) | undefined;
}

/** A gateway that runs: made by `start`, ended by `drain`. */
export class Gateway implements ApiServices {
  configured: Configured;
  draining = false;
  readonly store: Store;
  readonly record: GatewayRecord;
  readonly recordFolder: string;
  readonly admission: Admission;
  readonly live = new LiveFlows();
  readonly links: SyncLinks;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sessions: Sessions;
  readonly logins: Logins;
  readonly now: () => number;
  readonly #tunnel: Tunnel;
  readonly #authority: Authority;
  #provider: Provider;
  #server: Server | undefined;
  #http: HttpServer | undefined;
  #admin: HttpServer | undefined;
  #metricsServer: HttpServer | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #headEntry = -1;

  private constructor(
    options: GatewayOptions,
    store: Store,
    record: GatewayRecord,
    authority: Authority,
    metrics: Metrics,
  ) {
    this.configured = new Configured(options.config);
    this.now = options.now ?? Date.now;
    this.log = options.log;
    this.sessions = options.sessions;
    this.store = store;
    this.record = record;
    this.recordFolder = join(options.config.data, RECORD_FOLDER);
    this.metrics = metrics;
    this.admission = new Admission(store, this.now);
    this.links = new SyncLinks(this.now);
    this.#authority = authority;
    this.#provider = new Provider(options.config.idp);
    this.#tunnel = new Tunnel(this);
    this.logins = new Logins({
      store,
      authority,
      provider: () => this.#provider,
      config: () => this.configured.config,
      now: this.now,
      audit: (line) => this.audit(line),
      renewed: (loginId, identity, leaseUntil) => this.#renewed(loginId, identity.subject, leaseUntil),
      issued: () => metrics.certificates.inc(),
    });
  }

  /** Opens the data folder and listens. Throws `UserError` for what the operator can mend. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { config, log } = options;
    const now = options.now ?? Date.now;
    const metrics = new Metrics();
    new Configured(config);
    const authority = Authority.open(join(config.data, 'ca'));
    const holder: { gateway?: Gateway } = {};
    const admin = await ownData(
      config.data,
      log,
      lateHandlers(() => holder.gateway?.adminHandlers()),
    );
    try {
      const store = await openStore(config.data);
      const record = openRecord({
        data: config.data,
        folder: join(config.data, RECORD_FOLDER),
        now,
        head: await store.head(),
        onFailure: (error) => {
          metrics.recordFailures.inc();
          log.error({ err: error }, 'the record cannot be written: what must be recorded is refused');
        },
      });
      const gateway = new Gateway(options, store, record, authority, metrics);
      holder.gateway = gateway;
      gateway.#admin = admin;
      await gateway.#recover();
      await gateway.#listen();
      return gateway;
    } catch (error) {
      admin.close();
      throw error;
    }
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | undefined)?.port ?? 0;
  }

  get tunnelPort(): number {
    return this.configured.config.publicPort ?? this.port;
  }

  audit(line: Omit<AuditLine, 'kind'>): void {
    this.record.tell({ kind: 'audit', ...line });
  }

  /** What the operator's commands do here. */
  adminHandlers() {
    return adminHandlers({
      store: this.store,
      now: this.now,
      audit: (line) => this.record.append({ kind: 'audit', ...line }, 'disk'),
      revoke: (subjects, email) => this.#disabled(subjects, email),
      live: (session) => this.live.get(session)?.tally.totals,
    });
  }

  async endLogin(loginId: string): Promise<boolean> {
    const ended = await this.store.endLogin(loginId, this.now());
    const refusal: Refusal = { code: 'login-required', message: 'logged out', hint: 'log in again: hoop login' };
    this.#revoke((flow) => (flow.loginId === loginId ? refusal : undefined));
    for (const link of this.links.ofLogin(loginId)) link.end('logged-out', 'logged out');
    this.#tunnel.endWarm((uplink) => uplink.certificate.loginId === loginId);
    return ended;
  }

  /** Puts another configuration in force: ends only flows that it no longer allows. Throws `UserError`, changing nothing. */
  reload(config: Config): void {
    const next = new Configured(config);
    const fixed = fixedOf(this.configured.config);
    const changed = Object.entries(fixedOf(config)).find(([key, value]) => value !== fixed[key]);
    if (changed) throw new HoopError('config', `${changed[0]} changes only with a restart`);
    if (JSON.stringify(config.idp) !== JSON.stringify(this.configured.config.idp)) this.#exchangeProvider(config);
    this.configured = next;
    this.audit({ event: 'config-reloaded', by: 'host' });
    this.#reconsider(() => true);
  }

  /** Ends in order: takes no more, lets flows end by themselves for `seconds`, then tells the rest. */
  async drain(signal: AbortSignal, seconds = this.configured.config.drainSeconds): Promise<void> {
    this.draining = true;
    this.#server?.close();
    this.#tunnel.endWarm(() => true);
    await this.#flowsEnd(seconds * 1000, signal);
    this.live.revoke(() => SHUTTING_DOWN);
    await this.#flowsEnd(CUT, undefined);
    await this.#close();
  }

  async #listen(): Promise<void> {
    const { config } = this.configured;
    this.#http = httpServer(app(this.log, (it) => mount(it, gatewayApi, handlersOf(this), callOf)));
    const { cert, key } = await serverCertificate(config, this.#authority);
    this.#server = tlsServer({
      cert,
      key,
      clientCa: this.#authority.pem,
      limits: config.limits,
      tunnel: (socket) => this.#tunnel.accept(socket),
      api: (socket) => this.#http?.emit('connection', socket),
    });
    await listen(this.#server, config.listen);
    if (config.metrics) {
      this.#metricsServer = metricsServer(this.metrics);
      await listen(this.#metricsServer, config.metrics.listen);
    }
    this.audit({ event: 'started' });
    await this.#keepHead();
    this.#ticking = setInterval(() => this.tick(), TICK);
  }

  /** Closes what a crash left open: its rows say how far the record knows it came. */
  async #recover(): Promise<void> {
    for (const row of await this.store.sessions.open()) {
      const tally = tallyOf(this.recordFolder, row.id, row.segment);
      const end = tally.end ?? 'broken';
      await this.store.sessions.end(row.id, end, this.now(), tally.totals);
      if (tally.end) continue;
      const outcome = { end: 'broken' as const, bytesIn: 0, bytesOut: 0 };
      this.record.tell({ kind: 'end', session: row.id, outcome });
      this.audit({ event: 'session-recovered', session: row.id, person: row.email, connection: row.connection });
    }
  }

  /** What time alone changes: silent links, expired certificates, leases; and the signed head. */
  tick(): void {
    const now = this.now();
    this.links.tick(now);
    this.#tunnel.endWarm((uplink) => uplink.certificate.notAfter <= now);
    this.#revoke((flow) => (flow.leaseUntil <= now ? leaseOver : undefined));
    this.#keepHead().catch((error) => this.log.error({ err: error }, 'the head of the record cannot be kept'));
  }

  /** Signs how far the record has come, and keeps that apart from it. */
  async #keepHead(): Promise<void> {
    if (this.record.last === this.#headEntry) return;
    this.#headEntry = this.record.last;
    const { segment, entry, hash } = await this.record.sync();
    await this.store.setHead({ segment, entry, hash, at: this.now() });
  }

  #renewed(loginId: string, subject: string, leaseUntil: number): void {
    for (const flow of this.live.all()) if (flow.loginId === loginId) flow.leaseUntil = leaseUntil;
    this.store
      .identity(subject)
      .then((found) => {
        if (!found) return;
        const { identity } = found;
        const wire = { ...identity, groups: [...identity.groups] };
        for (const link of this.links.ofLogin(loginId)) link.send({ type: 'lease', until: leaseUntil, identity: wire });
        for (const flow of this.live.all()) if (flow.identity.subject === subject) flow.identity = identity;
        this.#reconsider((each) => each === subject);
      })
      .catch((error) => this.log.error({ err: error }, 'a renewal could not be told'));
  }

  /** Judges flows again, and sends lists that have changed. */
  #reconsider(whose: (subject: string) => boolean): void {
    const { policy } = this.configured;
    this.#revoke((flow) => {
      if (!whose(flow.identity.subject)) return undefined;
      const decision = policy.decide(flow.identity, flow.connection, flow.port);
      return decision.allow ? undefined : decision.refusal;
    });
    for (const link of this.links.all()) if (whose(link.subject)) this.#relist(link);
  }

  #relist(link: ReturnType<SyncLinks['all']>[number]): void {
    this.store
      .identity(link.subject)
      .then((found) => found && link.list(this, found.identity))
      .catch((error) => this.log.error({ err: error }, 'a list could not be sent'));
  }

  #disabled(subjects: readonly string[], email: string): number {
    const refusal = disabledRefusal(email);
    const ended = this.#revoke((flow) => (subjects.includes(flow.identity.subject) ? refusal : undefined));
    for (const subject of subjects)
      for (const link of this.links.ofPerson(subject)) link.end(refusal.code, refusal.message, refusal.hint);
    this.#tunnel.endWarm((uplink) => subjects.includes(uplink.certificate.subject));
    return ended;
  }

  #revoke(why: (flow: LiveFlow) => Refusal | undefined): number {
    const ended = this.live.revoke(why);
    for (const { flow, refusal } of ended) {
      const { session, connection } = flow;
      const { code, message } = refusal;
      this.audit({ event: 'flow-revoked', person: flow.identity.email, session, connection, code, message });
    }
    return ended.length;
  }

  #exchangeProvider(config: Config): void {
    const old = this.#provider;
    this.#provider = new Provider(config.idp);
    old.close().catch(() => undefined);
  }

  async #flowsEnd(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const until = Date.now() + ms;
    while (this.live.size > 0 && Date.now() < until && !signal?.aborted)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async #close(): Promise<void> {
    clearInterval(this.#ticking);
    this.#tunnel.endAll();
    this.audit({ event: 'stopped' });
    this.#http?.closeAllConnections();
    this.#metricsServer?.close();
    const head = await this.record.close();
    await this.store.setHead({ segment: head.segment, entry: head.entry, hash: head.hash, at: this.now() });
    await this.store.close();
    await this.#provider.close();
    this.#admin?.close();
    this.#admin?.closeAllConnections();
  }
}

const leaseOver: Refusal = { code: 'login-required', message: LEASE_OVER[0], hint: LEASE_OVER[1] };

function callOf(context: Parameters<typeof socketOf>[0]): Call {
  const socket = socketOf(context);
  return { shown: certificateShown(socket), address: socket.remoteAddress ?? '' };
}

/** What a reload cannot change: it is held open. */
function fixedOf(config: Config): Record<string, string> {
  const { listen, data, tls, metrics, publicHost } = config;
  return Object.fromEntries(
    Object.entries({ listen, data, tls, metrics, publicHost }).map(([k, v]) => [k, JSON.stringify(v) ?? '']),
  );
}
