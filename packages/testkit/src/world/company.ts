import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { stringify } from 'yaml';
// Not from the index: that would load the provider into programs which only start it.
import { CLIENT_ID } from '../idp/client.js';
import type { IssuedTokens } from '../idp/issued.js';
import { Cluster, GATEWAY_ROLE, MINTER_ROLE, SUPPORT_ROLE } from '../postgres/index.js';
import { type Account, asAccount, own } from './account.js';
import { type Authority, newAuthority } from './authority.js';
import { type Finished, finished, said } from './output.js';
import { freePort } from './port.js';
import type { Processes } from './processes.js';
import { loader, type Programs } from './programs.js';

export interface CompanyOptions {
  /** A folder that the account may pass. */
  folder: string;
  programs: Programs;
  processes: Processes;
  /** The OS user of the company's servers; absent: the caller. */
  account: Account | undefined;
  /** Of a second company in one world, for its programs' names. */
  name?: string;
  env: NodeJS.ProcessEnv;
}

export const CONNECTION = 'pg-prod';
/** The same shop for those who help its customers: each session has a database role of its own. */
export const SUPPORT = 'pg-support';
export const CONTACT = 'carol@shop.example (security)';

/** The company's side: its authority, IdP, database and gateway. */
export class Company {
  readonly authority: Authority;
  /** The root certificate, for everyone to read. */
  readonly caFile: string;
  readonly #options: CompanyOptions;
  issuer = '';
  cluster!: Cluster;
  gatewayPort = 0;
  /** The port that laptops dial. */
  publicPort = 0;
  metricsPort = 0;
  /** Connections beside the shop's, as they stand in the configuration; for a dba. */
  more: Record<string, object> = {};

  private constructor(options: CompanyOptions, authority: Authority, caFile: string) {
    this.#options = options;
    this.authority = authority;
    this.caFile = caFile;
  }

  static async found(options: CompanyOptions): Promise<Company> {
    mkdirSync(options.folder, { recursive: true, mode: 0o755 });
    const authority = await newAuthority(`${options.name ?? 'Shop Ltd'} root`);
    const caFile = join(options.folder, 'ca.pem');
    writeFileSync(caFile, authority.certificate, { mode: 0o644 });
    return new Company(options, authority, caFile);
  }

  get gatewayUrl(): string {
    return `https://localhost:${this.publicPort}`;
  }

  get gatewayFolder(): string {
    return join(this.#options.folder, 'gateway');
  }

  get configFile(): string {
    return join(this.gatewayFolder, 'gateway.yaml');
  }

  log(name: string): string {
    return name === 'postgres' ? this.cluster.logPath : join(this.#options.folder, `${name}.log`);
  }

  async startIdp(): Promise<void> {
    const folder = this.#room('idp');
    const { key, certificate } = await this.#leaf(folder);
    const idp = join(this.#options.programs.packages, 'testkit/dist/idp.js');
    const child = this.#start(
      'idp',
      [this.#options.programs.node, idp, key, certificate, join(folder, 'issued.jsonl')],
      folder,
    );
    const [issuer] = await said(child, /https:\/\/\S+/, 'the IdP');
    this.issuer = issuer;
  }

  /** What the IdP has given out, oldest first. */
  issued(): IssuedTokens[] {
    const lines = readFileSync(join(this.#options.folder, 'idp/issued.jsonl'), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as IssuedTokens);
  }

  /** How often the IdP was asked for authorization: each time, a person is shown a page. */
  asked(): number {
    const file = join(this.#options.folder, 'idp/issued.jsonl.asked');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
  }

  /** `settings`: more lines of postgresql.conf. */
  async startPostgres(settings?: Record<string, string>): Promise<void> {
    const folder = join(this.#options.folder, 'postgres');
    this.cluster = await Cluster.make({ folder, authority: this.authority, account: this.#options.account, settings });
    if (this.cluster.pid) this.#options.processes.adopt(this.#named('postgres'), this.cluster.pid);
  }

  /** `front`: for a test that stands between laptops and gateway; told the gateway's port, it answers its own. */
  async startGateway(front?: (port: number) => Promise<number>): Promise<void> {
    const folder = this.#room('gateway');
    await this.#initialise(folder);
    const { key, certificate } = await this.#leaf(folder);
    const password = this.#secret(join(folder, 'pg-prod.password'), this.cluster.password);
    const minting = this.#secret(join(folder, 'pg-support.password'), this.cluster.minterPassword);
    const configure = async (wanted: number) => {
      this.gatewayPort = await freePort(wanted);
      this.publicPort = (await front?.(this.gatewayPort)) ?? this.gatewayPort;
      this.metricsPort = await freePort();
      this.#secret(this.configFile, stringify(this.#config({ key, certificate, password, minting })));
    };
    await configure(front ? 0 : 8443);
    const check = await this.gateway('check');
    if (check.code !== 0) throw new Error(`hoop-gateway check: ${check.stderr.trim()}`);
    try {
      await this.serveGateway();
    } catch (error) {
      // Another world on this machine may have taken the well-known port since we looked.
      if (front || !readFileSync(this.log('gateway'), 'utf8').includes('another program holds it')) throw error;
      await configure(0);
      await this.serveGateway();
    }
  }

  /** Starts the gateway as it is configured by now, and waits until it serves. */
  async serveGateway(): Promise<void> {
    const argv = [join(this.#options.programs.bin, 'hoop-gateway'), 'serve', '--config', this.configFile];
    await this.#healthy(this.#start('gateway', argv, this.gatewayFolder));
  }

  /** Who logs in from now on is told another port to dial: that of what stands between laptops and gateway. */
  async moveFront(port: number): Promise<void> {
    const text = readFileSync(this.configFile, 'utf8');
    this.#secret(this.configFile, text.replace(/^publicPort: \d+$/m, `publicPort: ${port}`));
    this.publicPort = port;
    await this.#options.processes.end(this.#named('gateway'));
    await this.serveGateway();
  }

  /** kill -9, as a crash or the kernel would. */
  async killGateway(): Promise<void> {
    await this.#options.processes.kill(this.#named('gateway'));
  }

  /** A command on the gateway's host, e.g. `users ls`. */
  gateway(...args: string[]): Promise<Finished> {
    const [program, ...rest] = [join(this.#options.programs.bin, 'hoop-gateway'), ...args];
    const child = spawn(program!, [...rest, '--config', this.configFile], {
      ...asAccount(this.#options.account),
      cwd: this.gatewayFolder,
      env: this.#options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return finished(child);
  }

  /** A value of `/metrics`, summed over its labels; 0 if there is none. */
  async metric(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`);
    const lines = (await answer.text())
      .split('\n')
      .filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** The gateway's record as it lies on disk: one JSON document a line, oldest first. */
  record(): Record<string, unknown>[] {
    const folder = join(this.gatewayFolder, 'data/record');
    const names = existsSync(folder) ? readdirSync(folder).sort() : [];
    return names
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as Record<string, unknown>];
        } catch {
          return [];
        }
      });
  }

  /** A copy of the record, for the gateway's host to read. */
  copyRecord(name: string): string {
    const copy = join(this.gatewayFolder, name);
    cpSync(join(this.gatewayFolder, 'data/record'), copy, { recursive: true });
    for (const path of [copy, ...readdirSync(copy).map((file) => join(copy, file))]) own(path, this.#options.account);
    return copy;
  }

  async #initialise(folder: string): Promise<void> {
    const { programs, account, env } = this.#options;
    const child = spawn(join(programs.bin, 'hoop-gateway'), ['init', '--dir', folder, '--host', 'localhost'], {
      ...asAccount(account),
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const init = await finished(child);
    if (init.code !== 0) throw new Error(`hoop-gateway init: ${init.stderr.trim()}`);
  }

  #config(secrets: { key: string; certificate: string; password: string; minting: string }): object {
    const shop = {
      protocol: 'postgres',
      host: 'localhost',
      port: this.cluster.port,
      listen: 5432,
      tls: { mode: 'verify-full', ca: this.caFile },
      contact: CONTACT,
    };
    return {
      name: 'shop',
      listen: { host: '127.0.0.1', port: this.gatewayPort },
      publicHost: 'localhost',
      publicPort: this.publicPort,
      data: './data',
      tls: { certificate: secrets.certificate, key: secrets.key },
      idp: { issuer: this.issuer, clientId: CLIENT_ID, deviceFlow: true, ca: this.caFile },
      connections: {
        [CONNECTION]: {
          ...shop,
          databases: ['shop', 'postgres'],
          user: GATEWAY_ROLE,
          password: `file:${secrets.password}`,
          description: "the shop's customers and orders",
        },
        [SUPPORT]: {
          ...shop,
          databases: ['shop'],
          credential: { ephemeral: supported(secrets.minting) },
          description: 'the same, for support',
        },
        ...this.more,
      },
      roles: {
        dba: { groups: ['dba'], see: ['*'], connect: [CONNECTION, SUPPORT, ...Object.keys(this.more)] },
        developer: { groups: ['developer'], see: [CONNECTION], connect: [SUPPORT] },
        security: { groups: ['security'], see: ['*'], connect: [CONNECTION, SUPPORT] },
        auditor: { groups: ['security'] },
      },
      ...CONTROLS,
      metrics: { listen: { host: '127.0.0.1', port: this.metricsPort } },
    };
  }

  #room(name: string): string {
    const folder = join(this.#options.folder, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return own(folder, this.#options.account);
  }

  async #leaf(folder: string): Promise<{ key: string; certificate: string }> {
    const leaf = await this.authority.issue(['localhost', '127.0.0.1']);
    const certificate = this.#secret(join(folder, 'server.pem'), leaf.certificate);
    return { key: this.#secret(join(folder, 'server.key'), leaf.key), certificate };
  }

  #secret(path: string, text: string): string {
    writeFileSync(path, text, { mode: 0o600 });
    return own(path, this.#options.account);
  }

  #start(name: string, argv: string[], cwd: string) {
    const { processes, account, env } = this.#options;
    const child = processes.start({
      name: this.#named(name),
      argv,
      cwd,
      account,
      env: { ...env, ...loader() },
      log: this.log(name),
    });
    child.stdin?.end();
    return child;
  }

  #named(program: string): string {
    const { name } = this.#options;
    return name === undefined ? program : `${name}-${program}`;
  }

  async #healthy(serve: ChildProcess): Promise<void> {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await after(50)) {
      if (serve.exitCode !== null) throw new Error(`hoop-gateway serve ended with ${serve.exitCode}`);
      if (await healthy(this.gatewayPort, this.authority.certificate)) return;
    }
    throw new Error('the gateway does not answer on /healthz');
  }
}

/** What support may not do, and may not see; a dba sees it. */
const CONTROLS = {
  guardrails: {
    packs: ['destructive-ddl', 'unbounded-writes', 'privilege-changes', 'server-files', 'session-tampering'].map(
      (pack) => ({ pack, connections: [SUPPORT] }),
    ),
  },
  masks: {
    packs: ['pii', 'secrets'].map((pack) => ({ pack, connections: [SUPPORT] })),
    columns: [{ columns: ['public.customers.ssn'], way: 'partial', connections: [SUPPORT] }],
    exempt: ['dba'],
  },
};

/** Who may connect acts as the support team, whose tables stay when the session's own role is gone. */
const supported = (password: string) => ({
  user: MINTER_ROLE,
  password: `file:${password}`,
  roles: [{ groups: ['dba', 'developer', 'security'], role: SUPPORT_ROLE }],
});

function healthy(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, path: '/healthz', ca, servername: 'localhost', agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.once('error', () => resolve(false));
    asked.end();
  });
}
