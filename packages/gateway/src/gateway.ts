import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Server } from 'node:tls';
import { gatewayApi } from '@hoop/contracts/gateway';
import { mount } from '@hoop/contracts/http';
import { FailedLoads, type MaskPorts } from '@hoop/controls';
import { UserError } from '@hoop/core';
import { Credentials } from '@hoop/session';
import type { Logger } from 'pino';
import { lateHandlers } from './admin/late.js';
import { adminHandlers } from './admin/operations.js';
import { ownData } from './admin/socket.js';
import { type ApiServices, callOf, handlersOf } from './api/handlers.js';
import { app, httpServer } from './api/http.js';
import { metricsServer } from './api/metrics-server.js';
import { Configured } from './config/configured.js';
import type { Config } from './config/schema.js';
import { Admission } from './identity/admission.js';
import { Authority } from './identity/authority.js';
import { Logins } from './identity/logins.js';
import { Provider } from './identity/provider.js';
import { serverCertificate } from './identity/server-certificate.js';
import { Metrics } from './metrics.js';
import { HeadKeeper } from './record/head-keeper.js';
import type { AuditEvent, AuditLine } from './record/lines.js';
import { openRecord } from './record/open.js';
import type { GatewayRecord } from './record/record.js';
import { recoverSessions } from './record/recovery.js';
import { Strangers } from './record/strangers.js';
import { openMaskKey } from './store/mask-key.js';
import { openStore, RECORD_FOLDER } from './store/open.js';
import type { Store } from './store/store.js';
import { SHUTTING_DOWN } from './tunnel/flow.js';
import { LiveFlows } from './tunnel/live.js';
import { Revocation } from './tunnel/revocation.js';
import { listen, tlsServer } from './tunnel/server.js';
import type { Sessions } from './tunnel/services.js';
import { SyncLinks } from './tunnel/sync-links.js';
import { Tunnel } from './tunnel/tunnel.js';
import { warm } from './tunnel/warm.js';

/** Until all others have had their turn. */
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
const TICK = 1_000;
/** From the native error of a drain until what still runs is left to the end of the process. */
const CUT = 1_000;

export interface GatewayOptions {
  config: Config;
  log: Logger;
  sessions: Sessions;
  /** Milliseconds since the epoch; a test's own clock. */
  now?: (() => number) | undefined;
}

/** What is opened on the data folder before the gateway is there. */
interface Opened {
  store: Store;
  issuer: { id: string; key: Uint8Array };
  record: GatewayRecord;
  authority: Authority;
  metrics: Metrics;
  admin: HttpServer;
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
  readonly credentials: Credentials;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sessions: Sessions;
  readonly masking: MaskPorts;
  readonly logins: Logins;
  readonly now: () => number;
  readonly #tunnel: Tunnel;
  readonly #revocation: Revocation;
  readonly #heads: HeadKeeper;
  readonly #authority: Authority;
  readonly #admin: HttpServer;
  readonly #http: HttpServer;
  readonly #strangers: Strangers;
  #provider: Provider;
  #server: Server | undefined;
  #metricsServer: HttpServer | undefined;
  #ticking: NodeJS.Timeout | undefined;

  private constructor(options: GatewayOptions, opened: Opened) {
    this.configured = new Configured(options.config);
    this.now = options.now ?? Date.now;
    this.log = options.log;
    this.sessions = options.sessions;
    this.masking = { key: openMaskKey(options.config.data), pause, failedLoads: new FailedLoads(this.now) };
    this.store = opened.store;
    this.record = opened.record;
    this.metrics = opened.metrics;
    this.recordFolder = join(options.config.data, RECORD_FOLDER);
    this.admission = new Admission(this.store, this.now);
    this.links = new SyncLinks(this.now);
    this.credentials = this.#makeCredentials(opened.issuer);
    this.logins = this.#makeLogins(opened.authority);
    this.#authority = opened.authority;
    this.#admin = opened.admin;
    this.#provider = new Provider(options.config.idp);
    this.#tunnel = new Tunnel(this);
    this.#revocation = new Revocation(this, this.#tunnel);
    this.#strangers = new Strangers((line) => this.record.tell(line), this.now);
    this.#heads = new HeadKeeper(this.record, this.store, this.now);
    this.#http = httpServer(app(this.log, (it) => mount(it, gatewayApi, handlersOf(this), callOf)));
  }

  /** Opens the data folder and listens. Throws `UserError` for what the operator can mend. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { config, log } = options;
    const authority = Authority.open(join(config.data, 'ca'));
    let gateway: Gateway | undefined;
    const admin = await ownData(
      config.data,
      log,
      lateHandlers(() => gateway?.adminHandlers()),
    );
    try {
      gateway = new Gateway(options, { authority, admin, ...(await openData(options)) });
      await recoverSessions(gateway.store, gateway.record, gateway.recordFolder, gateway.now());
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
    if (STRANGERS.has(line.event)) this.#strangers.tell({ kind: 'audit', ...line });
    else this.record.tell({ kind: 'audit', ...line });
  }

  /** What the operator's commands do here. */
  adminHandlers() {
    return adminHandlers({
      store: this.store,
      now: this.now,
      audit: async (line) => this.record.append({ kind: 'audit', ...line }, 'disk'),
      revoke: (subjects, email) => this.#revocation.disabled(subjects, email),
      live: (session) => this.live.get(session)?.tally.totals,
    });
  }

  async endLogin(loginId: string): Promise<boolean> {
    const ended = await this.store.endLogin(loginId, this.now());
    this.#revocation.loggedOut(loginId);
    return ended;
  }

  /** Puts another configuration in force: ends only flows that it no longer allows. Throws `UserError`, changing nothing. */
  reload(config: Config): void {
    const next = new Configured(config);
    const held = heldOpen(this.configured.config);
    const changed = Object.entries(heldOpen(config)).find(([key, value]) => value !== held[key]);
    if (changed) throw new UserError('config', `${changed[0]} changes only with a restart`);
    if (JSON.stringify(config.idp) !== JSON.stringify(this.configured.config.idp)) this.#exchangeProvider(config);
    this.configured = next;
    this.credentials.configure(next.upstreams());
    this.audit({ event: 'config-reloaded', by: 'host' });
    this.#later(this.#revocation.reconsidered(), 'the lists could not be sent');
  }

  /** What time alone changes: silent links, expired certificates, leases; and the signed head. */
  tick(): void {
    const now = this.now();
    this.links.tick(now);
    this.#revocation.expired(now);
    this.#strangers.turn();
    this.#later(this.#heads.keep(), 'the head of the record cannot be kept');
  }

  /** Ends in order: takes no more, lets flows end by themselves for `seconds`, then tells the rest. */
  async drain(hurry: AbortSignal, seconds = this.configured.config.drainSeconds): Promise<void> {
    this.draining = true;
    this.#server?.close();
    this.#tunnel.endWarm(() => true);
    await this.live.ended(AbortSignal.any([hurry, AbortSignal.timeout(seconds * 1000)]));
    this.live.revoke(() => SHUTTING_DOWN);
    await this.live.ended(AbortSignal.timeout(CUT));
    await this.#close();
  }

  async #listen(): Promise<void> {
    const { config } = this.configured;
    this.#server = tlsServer({
      ...(await serverCertificate(config, this.#authority)),
      clientCa: this.#authority.pem,
      limits: config.limits,
      tunnel: (socket) => this.#tunnel.accept(socket),
      api: (socket) => this.#http.emit('connection', socket),
    });
    try {
      await listen(this.#server, config.listen);
      if (config.metrics) {
        this.#metricsServer = metricsServer(this.metrics);
        await listen(this.#metricsServer, config.metrics.listen);
      }
    } catch (error) {
      await this.#close();
      throw error;
    }
    this.audit({ event: 'started' });
    this.credentials.configure(this.configured.upstreams());
    await this.#heads.keep();
    await this.store.prune(this.now());
    this.#ticking = setInterval(() => this.tick(), TICK);
  }

  /** Nobody else runs on this store: whatever an earlier run has minted is dead. */
  #makeCredentials(issuer: Opened['issuer']): Credentials {
    return new Credentials({
      issuer: { ...issuer, instance: randomUUID(), isDead: () => true },
      told: ({ event, ...about }) => {
        this.audit({ event, ...about });
        if (event === 'role-left') this.log.error(about, 'a database role cannot be dropped');
      },
      report: (error) => this.log.error({ err: error }, 'credentials met a bug'),
      swept: () => {
        for (const { identity } of this.links.all()) if (identity) warm(this, identity);
      },
    });
  }

  #makeLogins(authority: Authority): Logins {
    return new Logins({
      store: this.store,
      authority,
      provider: () => this.#provider,
      config: () => this.configured.config,
      now: this.now,
      audit: (line) => this.audit(line),
      renewed: (loginId, identity, leaseUntil) =>
        this.#later(this.#revocation.renewed(loginId, identity.subject, leaseUntil), 'a renewal could not be told'),
      issued: () => this.metrics.certificates.inc(),
    });
  }

  #exchangeProvider(config: Config): void {
    const old = this.#provider;
    this.#provider = new Provider(config.idp);
    this.#later(old.close(), 'the provider before could not be left');
  }

  /** For what nobody waits for. */
  #later(work: Promise<void>, failure: string): void {
    work.catch((error) => this.log.error({ err: error }, failure));
  }

  async #close(): Promise<void> {
    clearInterval(this.#ticking);
    this.#server?.close();
    this.#tunnel.endAll();
    await this.credentials.close();
    this.audit({ event: 'stopped' });
    this.#http.closeAllConnections();
    this.#metricsServer?.close();
    this.#metricsServer?.closeAllConnections();
    await this.#heads.close();
    await this.store.close();
    await this.#provider.close();
    this.#admin.close();
    this.#admin.closeAllConnections();
  }
}

async function openData({ config, log, now = Date.now }: GatewayOptions): Promise<Omit<Opened, 'authority' | 'admin'>> {
  const metrics = new Metrics();
  const store = await openStore(config.data);
  const onFailure = (error: Error) => {
    metrics.recordFailures.inc();
    log.error({ err: error }, 'the record cannot be written: what must be recorded is refused');
  };
  const folder = join(config.data, RECORD_FOLDER);
  const record = openRecord({ data: config.data, folder, now, head: await store.head(), onFailure });
  return { metrics, store, issuer: await store.issuer(), record };
}

/** What someone without a certificate can cause. */
const STRANGERS: ReadonlySet<AuditEvent> = new Set(['uplink-refused', 'login-refused', 'certificate-refused']);

/** What a reload cannot change: it is held open. */
function heldOpen({ listen, data, tls, metrics, publicHost, limits }: Config): Record<string, string> {
  const { connections, perAddress } = limits;
  const held = Object.entries({ listen, data, tls, metrics, publicHost, limits: { connections, perAddress } });
  return Object.fromEntries(held.map(([key, value]) => [key, JSON.stringify(value) ?? '']));
}
