import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Person } from '../idp/people.js';
import { type Account, asAccount, own } from './account.js';
import { found, startKeyring } from './keyring.js';
import { type Finished, finished } from './output.js';
import { passable } from './passable.js';
import { MARK, type Processes } from './processes.js';
import { loader, type Programs, script } from './programs.js';

/** A laptop as `demo as PERSON` needs it, from another process: plain values only. */
export interface LaptopRecord {
  person: Person;
  folder: string;
  env: NodeJS.ProcessEnv;
  account?: Account;
  /** Whether the login goes to the keyring; else to the daemon's memory. */
  keyring: boolean;
}

export interface LaptopOptions {
  /** The world's folder, for the mark. */
  world: string;
  /** This laptop's folder. */
  folder: string;
  person: Person;
  account: Account | undefined;
  programs: Programs;
  processes: Processes;
  caFile: string;
  /** Its URL, for the laptop's configuration; absent: a laptop without one. */
  gateway?: string | undefined;
  /** Start a keyring of its own. */
  keyring: boolean;
}

/** One person's laptop: a HOME, XDG folders and a keyring of its own; as root, an OS user of its own. */
export class Laptop {
  readonly record: LaptopRecord;

  constructor(record: LaptopRecord) {
    this.record = record;
  }

  static async setUp(options: LaptopOptions): Promise<Laptop> {
    const { folder, person, account, programs } = options;
    const env = environment(options);
    for (const path of [folder, ...Object.keys(FOLDERS).map((name) => join(folder, name))]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chmodSync(path, 0o700);
      own(path, account);
    }
    const ca = own(copied(options.caFile, join(folder, 'home/company-ca.pem')), account);
    const password = join(folder, 'home/password-in-my-head');
    writeFileSync(password, `${person.password}\n`, { mode: 0o600 });
    own(password, account);
    const browser = join(programs.packages, 'testkit/dist/browser.js');
    const open = `exec '${programs.node}' '${browser}' "\${IDP_CA:-${ca}}" '${person.name}' '${password}' "$@"`;
    env.BROWSER = own(script(join(folder, 'home/browser'), open), account);
    const prompt = `PS1='${person.name}@laptop:\\w\\$ '\nexport PSQLRC=/dev/null\n`;
    writeFileSync(join(folder, 'home/.bashrc'), prompt);
    own(join(folder, 'home/.bashrc'), account);
    if (options.gateway !== undefined) configure(options, options.gateway, ca);
    if (options.keyring) env.DBUS_SESSION_BUS_ADDRESS = await keyringOf(options, env);
    return new Laptop({ person, folder, env, ...(account && { account }), keyring: options.keyring });
  }

  get person(): Person {
    return this.record.person;
  }

  get home(): string {
    return join(this.record.folder, 'home');
  }

  get daemonLog(): string {
    return join(this.record.folder, 'state/hoop/hoopd.log');
  }

  get socket(): string {
    return join(this.record.folder, 'run/hoop/hoopd.sock');
  }

  spawn(argv: readonly string[], stdio: 'inherit' | 'pipe' = 'pipe', env: NodeJS.ProcessEnv = {}): ChildProcess {
    const [program = '', ...args] = argv;
    const { account } = this.record;
    return spawn(program, args, {
      ...asAccount(account),
      cwd: this.home,
      env: { ...this.record.env, ...env },
      stdio: stdio === 'inherit' ? 'inherit' : ['pipe', 'pipe', 'pipe'],
    });
  }

  /** A command on this laptop, with nothing on its stdin. */
  run(argv: readonly string[], limit?: number): Promise<Finished> {
    const child = this.spawn(argv);
    child.stdin?.end();
    return finished(child, limit);
  }

  hoop(...args: string[]): Promise<Finished> {
    return this.run(['hoop', ...args]);
  }

  /** A command as `hoop run` starts it: *.hoop names resolve in it. */
  named(...argv: string[]): Promise<Finished> {
    return this.run(['hoop', 'run', '--', ...argv]);
  }

  /** `hoop login`, with a browser that signs in as the person. Without a gateway: the configured one. */
  login(gateway?: string, ...flags: string[]): Promise<Finished> {
    if (gateway === undefined) return this.hoop('login', ...flags);
    const store = this.record.keyring ? [] : ['--login-store=memory'];
    return this.hoop('login', gateway, '--ca-file', join(this.home, 'company-ca.pem'), ...store, ...flags);
  }

  /** `hoop login --profile` at another company, whose staff has somebody of the same name and password. */
  loginAt({ gatewayUrl, caFile }: { gatewayUrl: string; caFile: string }, profile: string): Promise<Finished> {
    const ca = own(copied(caFile, join(this.home, `${profile}-ca.pem`)), this.record.account);
    const store = this.record.keyring ? [] : ['--login-store=memory'];
    const argv = ['hoop', 'login', gatewayUrl, '--ca-file', ca, '--profile', profile, ...store];
    const child = this.spawn(argv, 'pipe', { IDP_CA: ca });
    child.stdin?.end();
    return finished(child);
  }
}

/** hoop's config.yaml, as a company would give it to its laptops: `hoop login` needs no more. */
function configure({ folder, account, keyring }: LaptopOptions, gateway: string, caFile: string): void {
  const place = join(folder, 'config/hoop');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const config = { gateway, caFile, ...(!keyring && { loginStore: 'memory' }) };
  writeFileSync(join(place, 'config.yaml'), stringify(config), { mode: 0o600 });
  for (const path of [place, join(place, 'config.yaml')]) own(path, account);
}

/** XDG Base Directory variables and where each points; `run` holds sockets, so its path is short. */
const FOLDERS: Record<string, string> = {
  home: 'HOME',
  config: 'XDG_CONFIG_HOME',
  data: 'XDG_DATA_HOME',
  state: 'XDG_STATE_HOME',
  cache: 'XDG_CACHE_HOME',
  run: 'XDG_RUNTIME_DIR',
};

/** Made from nothing, so that the caller's own hoop, PG*, proxies and keyring are out of reach. */
function environment({ world, folder, person, account, programs }: LaptopOptions): NodeJS.ProcessEnv {
  const folders = Object.entries(FOLDERS).map(([name, variable]) => [variable, join(folder, name)]);
  const name = account?.name ?? process.env.USER ?? person.name;
  return {
    ...Object.fromEntries(folders),
    ...loader(),
    [MARK]: world,
    PATH: [programs.bin, ...foldersFor(account)].join(':'),
    USER: name,
    LOGNAME: name,
    SHELL: found('bash') ?? '/bin/sh',
    LANG: process.env.LANG ?? 'C.UTF-8',
    TERM: process.env.TERM ?? 'dumb',
    PSQLRC: '/dev/null',
    PSQL_HISTORY: '/dev/null',
    PAGER: 'cat',
  };
}

/** The caller's PATH; for another OS user without what is closed to it, where a shell would find only EACCES. */
function foldersFor(account: Account | undefined): string[] {
  const folders = (process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  return account ? folders.filter((folder) => folder.startsWith('/') && passable(folder)) : folders;
}

function copied(from: string, to: string): string {
  copyFileSync(from, to);
  chmodSync(to, 0o644);
  return to;
}

function keyringOf(options: LaptopOptions, env: NodeJS.ProcessEnv): Promise<string> {
  const { person, folder, account, programs, processes } = options;
  const home = join(folder, 'home');
  const log = join(folder, 'keyring.log');
  return startKeyring({
    person: person.name,
    runtime: join(folder, 'run'),
    home,
    env,
    account,
    programs,
    processes,
    log,
  });
}
