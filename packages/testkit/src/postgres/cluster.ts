import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, type ClientConfig } from 'pg';
import { type Account, asAccount, own } from '../world/account.js';
import type { Authority } from '../world/authority.js';
import { passable } from '../world/passable.js';
import { freePort } from '../world/port.js';
import { type Binaries, copied, postgresBinaries } from './binaries.js';
import { GRANTS_SQL, MINTING_SQL, SHOP_SQL } from './shop.js';

const run = promisify(execFile);

export interface ClusterOptions {
  /** A new or empty folder; the cluster's files go there. */
  folder: string;
  authority: Authority;
  /** Needed where the caller is root: PostgreSQL refuses root. */
  account?: Account | undefined;
  /** pg_hba.conf in place of TLS + SCRAM only. */
  hba?: string | undefined;
  /** More postgresql.conf lines. */
  settings?: Record<string, string> | undefined;
  /** Without the shop's tables: half a second sooner. */
  empty?: boolean | undefined;
  /** The npm package's server even where the machine has one. */
  embedded?: boolean | undefined;
}

/** The role that the gateway logs in as. */
export const GATEWAY_ROLE = 'hoop_gateway';
/** The role that mints a role for each session, and the one that those act as. */
export const MINTER_ROLE = 'hoop_minter';
export const SUPPORT_ROLE = 'shop_support';
const HBA = 'hostssl all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n';

/** A real PostgreSQL server on 127.0.0.1 with TLS and SCRAM, holding the database `shop`. */
export class Cluster {
  readonly folder: string;
  readonly binaries: Binaries;
  readonly port: number;
  /** Each statement that the server ran (log_statement = all). */
  readonly logPath: string;
  /** The password of `postgres`, the superuser. */
  readonly superPassword = randomBytes(18).toString('base64url');
  /** The password of `hoop_gateway`. */
  readonly password = randomBytes(18).toString('base64url');
  /** The password of `hoop_minter`. */
  readonly minterPassword = randomBytes(18).toString('base64url');
  readonly #options: ClusterOptions;
  #process: ChildProcess | undefined;

  private constructor(options: ClusterOptions, binaries: Binaries, port: number) {
    this.#options = options;
    this.folder = options.folder;
    this.binaries = binaries;
    this.port = port;
    this.logPath = join(options.folder, 'postgres.log');
  }

  /** Makes a cluster and starts it; with a shop about 3 s. */
  static async make(options: ClusterOptions): Promise<Cluster> {
    mkdirSync(options.folder, { recursive: true });
    own(options.folder, options.account);
    const found = postgresBinaries(options.embedded);
    const hidden = options.account !== undefined && !passable(found.folder);
    const cluster = new Cluster(options, hidden ? copied(found, options.folder) : found, await freePort());
    await cluster.#initialise();
    await cluster.start();
    await cluster.#fill();
    return cluster;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** e.g. `15.18` */
  async version(): Promise<string> {
    const { stdout } = await run(join(this.binaries.folder, 'postgres'), ['--version'], { cwd: tmpdir() });
    return /\d+(\.\d+)+|\d+\w*/.exec(stdout)?.[0] ?? stdout.trim();
  }

  /** How to connect over TLS with the company's CA; as the superuser unless told. */
  config(options: { user?: string; password?: string; database?: string } = {}): ClientConfig {
    const { user = 'postgres', password = this.superPassword, database = 'shop' } = options;
    const ssl = { ca: this.#options.authority.certificate, servername: 'localhost' };
    return { host: '127.0.0.1', port: this.port, user, password, database, ssl };
  }

  /** Runs SQL as the superuser, one after the other on a connection of its own. Answers the last one's rows. */
  async sql(text: string | readonly string[], database = 'shop'): Promise<Record<string, unknown>[]> {
    const client = new Client(this.config({ database }));
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const each of [text].flat()) rows = (await client.query(each)).rows ?? [];
      return rows;
    } finally {
      await client.end();
    }
  }

  async start(): Promise<void> {
    const log = openSync(this.logPath, 'a');
    this.#process = spawn(join(this.binaries.folder, 'postgres'), ['-D', join(this.folder, 'data')], {
      ...asAccount(this.#options.account),
      cwd: this.folder,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    await this.#ready();
  }

  /** Fast shutdown: sessions end with 57P01. `immediate`: as in a crash. */
  async stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    const late = setTimeout(() => child.kill('SIGQUIT'), 5_000);
    await ended;
    clearTimeout(late);
  }

  async #initialise(): Promise<void> {
    const { account, authority } = this.#options;
    const passwords = join(this.folder, 'superuser');
    writeFileSync(passwords, `${this.superPassword}\n`, { mode: 0o600 });
    own(passwords, account);
    const data = join(this.folder, 'data');
    const flags = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwords, '-E', 'UTF8'];
    await run(join(this.binaries.folder, 'initdb'), [...flags, '--locale=C', '--no-sync', '--no-instructions'], {
      ...asAccount(account),
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, LC_ALL: 'C' },
    });
    const leaf = await authority.issue(['localhost', '127.0.0.1']);
    this.#put('server.key', leaf.key);
    this.#put('server.crt', leaf.certificate);
    this.#put('pg_hba.conf', this.#options.hba ?? HBA);
    this.#put('conf.d.conf', this.#settings());
    writeFileSync(join(data, 'postgresql.conf'), "\ninclude 'conf.d.conf'\n", { flag: 'a' });
  }

  #put(name: string, text: string): void {
    const path = join(this.folder, 'data', name);
    writeFileSync(path, text, { mode: 0o600 });
    own(path, this.#options.account);
  }

  #settings(): string {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: '',
      ssl: 'on',
      fsync: 'off',
      password_encryption: 'scram-sha-256',
      log_statement: 'all',
      log_line_prefix: '%m [%p] %u@%d ',
      max_connections: '200',
      shared_buffers: '32MB',
      ...this.#options.settings,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join('');
  }

  /** The server says so in its pid file: line 8 is `ready` (storage/pidfile.h). */
  async #ready(): Promise<void> {
    const child = this.#process;
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      if (!child || child.exitCode !== null) break;
      const lines = pidFile(this.folder);
      if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return;
      await after(20);
    }
    throw new Error(`PostgreSQL did not start; see ${this.logPath}`);
  }

  async #fill(): Promise<void> {
    await this.sql([`create role ${GATEWAY_ROLE} login`, ...MINTING_SQL(MINTER_ROLE, SUPPORT_ROLE)], 'postgres');
    // Off the server's log, which is read as a witness of what was run.
    const passwords = Object.entries({ [GATEWAY_ROLE]: this.password, [MINTER_ROLE]: this.minterPassword });
    const setting = passwords.map(([role, password]) => `alter role ${role} password '${password}'`);
    await this.sql(['set log_statement = none', ...setting], 'postgres');
    await this.sql('create database shop', 'postgres');
    if (!this.#options.empty) await this.sql(SHOP_SQL);
    await this.sql([GRANTS_SQL(GATEWAY_ROLE), GRANTS_SQL(SUPPORT_ROLE)]);
  }
}

function pidFile(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}
