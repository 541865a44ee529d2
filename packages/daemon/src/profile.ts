import type { WireConnection } from '@hoop/contracts/gateway';
import type { ProfileState } from '@hoop/contracts/local';
import { MOST_NAMES, type Notice } from '@hoop/platform';
import type { Credential, Credentials } from './credentials.js';
import type { Log } from './log.js';
import { type Act, needOf } from './login/lack.js';
import { Occasions } from './login/occasions.js';
import { LABEL } from './names.js';
import { type Problem, Problems } from './problems.js';
import { LastList } from './sync/last.js';
import { Sync } from './sync/sync.js';
import type { Dial } from './uplinks/dial.js';
import { Pool } from './uplinks/pool.js';

export interface ProfileOptions {
  name: string;
  credentials: Credentials;
  dial: Dial;
  log: Log;
  /** Whether there is a profile of that name. */
  isProfile(name: string): boolean;
  /** The connections as its gateway lists them, each time they change. */
  listed(list: readonly WireConnection[]): Promise<void>;
  /** The store that gave the login is open. */
  opened(): void;
  /** Where its files are. */
  folder: string;
  uid: number;
  /** Shows the person a notice on their desktop; false: there is none. */
  show(notice: Notice): Promise<boolean>;
  changed(): void;
}

/**
 * One login and all that hangs on it: its gateway, uplinks, connection list, and what that gateway tells. Nothing of one
 * profile is another's, so that no gateway is shown another's certificate, and none speaks for another.
 */
export class Profile {
  readonly name: string;
  readonly credentials: Credentials;
  readonly pool: Pool;
  readonly #options: ProfileOptions;
  readonly #sync: Sync;
  readonly #problems: Problems;
  /** What the gateway told of; another login has none of it. */
  readonly #notices: Problems;
  readonly #occasions: Occasions;
  readonly #lastList: LastList;
  readonly #unsubscribe: () => void;
  /** Somebody is logged in, or was until their login ended. */
  #isKnown = false;
  #credential: Credential | undefined;

  constructor(options: ProfileOptions) {
    const { name, credentials, dial, changed } = options;
    this.#options = options;
    this.name = name;
    this.credentials = credentials;
    this.#problems = new Problems(changed);
    this.#notices = new Problems(changed);
    this.pool = new Pool({ dial, changed, credential: () => credentials.current(), now: () => performance.now() });
    this.#occasions = new Occasions({ show: options.show, now: () => performance.now() });
    this.#lastList = new LastList(options.folder, options.uid);
    this.#sync = this.#makeSync();
    this.#unsubscribe = credentials.on(() => this.#credentialsChanged());
  }

  /** Goes by the login that is there. */
  start(): void {
    this.#credentialsChanged();
  }

  state(): Omit<ProfileState, 'isDefault'> {
    const { login, attempt, lastGateway } = this.credentials.state();
    return {
      name: this.name,
      login,
      attempt,
      ...(lastGateway !== undefined && { lastGateway }),
      gateway: login === null ? null : { url: login.gateway, ...this.#sync.state, warm: this.pool.warm },
      needs: needOf(this.credentials),
    };
  }

  /** Whether the gateway answers now; seconds at most. */
  answers(): Promise<boolean> {
    return this.#sync.answers();
  }

  /** A client was turned away, and only a person can change that. */
  missed(act: Act): void {
    this.#occasions.missed(act);
  }

  get problems(): Problem[] {
    return [...this.#problems.all, ...this.#notices.all];
  }

  close(): void {
    this.#unsubscribe();
    this.#sync.close();
    this.pool.close();
  }

  #makeSync(): Sync {
    const { credentials, dial, changed, log, name } = this.#options;
    return new Sync({
      dial,
      credentials,
      connections: (list) => this.#listed(list),
      notice: ({ code, message, hint }) => this.#notices.add(code, message, hint),
      changed: (state) => {
        log.info({ profile: name, gateway: state, why: this.#sync.state.error }, 'gateway');
        if (state === 'online') this.pool.resume();
        if (state === 'offline') this.pool.suspend();
        changed();
      },
      now: Date.now,
    });
  }

  #listed(list: readonly WireConnection[]): void {
    const { login } = this.credentials.state();
    // Of a login that is in memory nothing outlives the daemon.
    if (login?.store === 'keychain') this.#lastList.is(login, list);
    this.#follow(list);
  }

  /** Names come with a login, from the last list until there is another, and go with it. */
  #named({ login }: ReturnType<Credentials['state']>): void {
    if (login !== null && !this.#isKnown) this.#follow(this.#lastList.of(login));
    if (login === null) this.#follow([]);
    if (login === null && this.#isKnown) this.#lastList.forget();
    this.#isKnown = login !== null;
  }

  #follow(list: readonly WireConnection[]): void {
    const named = list.filter(({ name }) => LABEL.test(name));
    this.#tellOdd(list.filter(({ name }) => !LABEL.test(name)));
    this.#tell(
      'too-many-names',
      named.length > MOST_NAMES && `only ${MOST_NAMES} of ${named.length} connections are had`,
    );
    this.#options.listed(named.slice(0, MOST_NAMES)).catch((error: Error) => {
      this.#options.log.error({ stack: error.stack }, 'the list of connections could not be followed');
      this.#problems.add('listeners', `listeners could not be opened: ${error.message}`);
    });
  }

  /** A name with a dot could be one of another profile's: it is nobody's. */
  #tellOdd(odd: readonly WireConnection[]): void {
    const clash = odd.map(({ name }) => name.split('.')).find((labels) => this.#isOfOther(labels));
    const message = () => `its gateway lists “${clash?.join('.')}”, but that is a name of the profile ${clash?.[1]}`;
    this.#tell('name-clash', clash !== undefined && message());
    const many = odd.length === 1 ? 'a connection has' : `${odd.length} connections have`;
    this.#tell('odd-names', odd.length > 0 && `${many} no name that DNS takes`);
  }

  #isOfOther([name = '', profile = '', ...more]: readonly string[]): boolean {
    return LABEL.test(name) && more.length === 0 && this.#options.isProfile(profile);
  }

  #tell(code: string, message: string | false): void {
    if (message === false) this.#problems.solved(code);
    else this.#problems.add(code, message);
  }

  /** A renewal replaces warm uplinks; another login, or none, replaces the sync uplink and the list too. */
  #credentialsChanged(): void {
    const before = this.#credential;
    const now = this.credentials.current();
    this.#credential = now;
    if (!isSameWay(before, now) || (now !== undefined && this.#sync.lacks)) this.#sync.refresh();
    if (before === undefined && now !== undefined) this.#notices.clear();
    if (before?.certificate !== now?.certificate) this.pool.renewed();
    if (now !== undefined) this.#options.opened();
    const standing = this.credentials.state();
    this.#named(standing);
    this.#occasion(now, standing);
    this.#options.changed();
  }

  #occasion(now: Credential | undefined, standing: ReturnType<Credentials['state']>): void {
    if (now !== undefined) return this.#occasions.over();
    const need = standing.login === null ? null : needOf(this.credentials);
    if (need !== null) this.#occasions.stuck(need.act);
  }
}

/** The same login by the same way: only the certificate may differ. */
function isSameWay(a: Credential | undefined, b: Credential | undefined): boolean {
  const way = (one: Credential | undefined) => JSON.stringify([one?.gateway.origin, one?.tunnel, one?.ca]);
  return a?.key === b?.key && way(a) === way(b);
}
