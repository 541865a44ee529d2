import type { Ended, ProfileState } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';
import { DEFAULT_PROFILE, profileName } from '@hoop/platform';
import type { Credentials } from './credentials.js';
import { adviceFor } from './names.js';
import type { Problem } from './problems.js';
import type { Profile } from './profile.js';

/** What outlives the daemon: which profiles there are, whose the short names are, and each one's login. */
export interface KeptProfiles {
  /** Those that something is kept of. */
  names(): string[];
  /** Undefined: `default` is. */
  defaultName(): string | undefined;
  setDefault(name: string): void;
  open(name: string): Credentials;
  /** All of it but what the keychain holds. */
  rename(name: string, to: string): void;
  /** All of it but what the keychain holds. */
  forget(name: string): void;
}

export interface ProfilesOptions {
  kept: KeptProfiles;
  make(name: string, credentials: Credentials): Profile;
  /** Its names and addresses are free. */
  removed(name: string): Promise<void>;
  /** Its addresses are the other name's. */
  renamed(name: string, to: string): Promise<void>;
  changed(): void;
}

/** Milliseconds. */
const READ = 5_000;

function isEmpty({ credentials }: Profile): boolean {
  const { login, attempt, lastGateway } = credentials.state();
  return login === null && lastGateway === undefined && (attempt === null || attempt.phase === 'failed');
}

/** The profiles of this laptop, `default` always among them, and which of them has the short names. */
export class Profiles {
  readonly #options: ProfilesOptions;
  readonly #all = new Map<string, Profile>();
  readonly #leaving = new WeakMap<Profile, NodeJS.Timeout>();
  #default = DEFAULT_PROFILE;

  constructor(options: ProfilesOptions) {
    this.#options = options;
  }

  /** Opens those that are kept; takes up no login. */
  start(): void {
    const { kept } = this.#options;
    for (const name of new Set([DEFAULT_PROFILE, ...kept.names()])) this.#open(name);
    const chosen = kept.defaultName();
    if (chosen !== undefined && this.#all.has(chosen)) this.#default = chosen;
    for (const profile of this.all) profile.start();
  }

  get all(): Profile[] {
    return [...this.#all.values()];
  }

  get defaultName(): string {
    return this.#default;
  }

  find(name: string): Profile | undefined {
    return this.#all.get(name);
  }

  /** The one of that name, or the default one; throws a `UserError` if there is none. */
  get(name: string = this.#default): Profile {
    const found = this.#all.get(name);
    if (found !== undefined) return found;
    throw new UserError('no-such-profile', `there is no profile called ${JSON.stringify(name.slice(0, 64))}`, {
      hint: `hoop profile ls shows: ${[...this.#all.keys()].join(', ')}; hoop login https://YOUR-GATEWAY --profile NAME makes one`,
    });
  }

  /** The one of that name, made if there is none. */
  ensure(name: string = this.#default): Profile {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    const made = this.#open(profileName(name));
    made.start();
    made.credentials.on(() => this.#leave(made));
    // A login that is refused before it begins changes nothing.
    this.#leave(made);
    return made;
  }

  /** A profile that no login came of is none, once whoever asked for it has read why. */
  #leave(made: Profile): void {
    clearTimeout(this.#leaving.get(made));
    if (isEmpty(made)) this.#leaving.set(made, setTimeout(() => this.#drop(made), READ).unref());
  }

  #drop(made: Profile): void {
    if (!isEmpty(made) || made.name === this.#default || this.#all.get(made.name) !== made) return;
    this.#close(made).catch(() => {});
    this.#options.changed();
  }

  async #close(profile: Profile): Promise<void> {
    clearTimeout(this.#leaving.get(profile));
    if (this.#all.get(profile.name) === profile) this.#all.delete(profile.name);
    profile.close();
    await profile.credentials.close();
  }

  /** Gives it the short names. */
  use(name: string): void {
    const profile = this.get(name);
    if (isEmpty(profile) && name !== DEFAULT_PROFILE)
      throw new UserError('profile', `nobody has logged in to ${name}`, {
        hint: `hoop login https://YOUR-GATEWAY --profile ${name}`,
      });
    this.#default = name;
    this.#options.kept.setDefault(this.#default);
    this.#options.changed();
  }

  /** Calls it otherwise, with its login, its addresses and, if it has them, the short names. Flows that are open stay open. */
  async rename(name: string, to: string): Promise<void> {
    const profile = this.get(name);
    this.#checkRename(profile, profileName(to));
    const isChosen = this.#default === name;
    const forgetOld = await profile.credentials.handOver(to).catch((error: Error) => this.#reopen(profile, error));
    this.#options.kept.rename(name, to);
    const now = this.#open(to);
    // The short names are somebody's at every moment, and `default` is always there.
    if (name === DEFAULT_PROFILE) this.#open(DEFAULT_PROFILE).start();
    if (isChosen) this.use(to);
    await this.#close(profile);
    await this.#options.renamed(name, to);
    now.start();
    this.#options.changed();
    // What the keychain or the gateway says of it is the profile's own to tell.
    void now.credentials.restore().catch(() => {});
    await forgetOld();
  }

  #checkRename(profile: Profile, to: string): void {
    const { name, credentials } = profile;
    const refused = (why: string, hint: string) => new UserError('profile', why, { hint });
    const { login, attempt } = credentials.state();
    if (isEmpty(profile))
      throw refused(`nobody has logged in to ${name}`, `hoop login https://YOUR-GATEWAY --profile ${to}`);
    if (this.#all.has(to)) throw refused(`there is a profile called ${to}`, 'hoop profile ls shows them all');
    if (login === null && attempt !== null && attempt.phase !== 'failed')
      throw refused(`a login to ${name} is under way`, 'finish it first, or give it up');
    if (login?.store === 'memory')
      throw refused(`the login of ${name} is in hoopd's memory alone`, `hoop logout --profile ${name}, then again`);
    if (login?.state === 'waiting-for-unlock')
      throw refused(`the login of ${name} waits for your keychain`, 'unlock the keychain, then again');
  }

  /** What could not be handed over is taken up again as it was. */
  async #reopen(profile: Profile, error: Error): Promise<never> {
    await this.#close(profile);
    const again = this.#open(profile.name);
    again.start();
    void again.credentials.restore().catch(() => {});
    throw error;
  }

  /** Ends its login and forgets it. */
  async remove(name: string): Promise<Ended> {
    if (name === DEFAULT_PROFILE) {
      throw new UserError('profile', 'the profile default is always there', {
        hint: 'hoop logout --profile default ends its login',
      });
    }
    const profile = this.get(name);
    const ended = await profile.credentials.logout();
    await this.#close(profile);
    if (this.#default === name) this.use(DEFAULT_PROFILE);
    await this.#options.removed(name);
    this.#options.kept.forget(name);
    this.#options.changed();
    return ended;
  }

  /** Takes up what the keychain holds of each. Never rejects: one that fails tells so in its own state. */
  async restore(failed: (profile: string, error: Error) => void): Promise<void> {
    await Promise.all(
      this.all.map(({ name, credentials }) => credentials.restore().catch((error: Error) => failed(name, error))),
    );
  }

  /** The default one first, the others by their names, with advice that says whose it is. */
  states(): ProfileState[] {
    const key = ({ name }: Profile) => (name === this.#default ? '' : name);
    return this.all.sort((a, b) => (key(a) < key(b) ? -1 : 1)).map((profile) => this.#stateOf(profile));
  }

  problems(): Problem[] {
    const several = this.#all.size > 1;
    return this.all.flatMap(({ name, problems }) =>
      problems.map((one) => ({ ...this.#advised(one, name), ...(several && { profile: name }) })),
    );
  }

  async close(): Promise<void> {
    for (const profile of this.all) profile.close();
    await Promise.all(this.all.map(({ credentials }) => credentials.close()));
  }

  #open(name: string): Profile {
    const { kept, make } = this.#options;
    const profile = make(name, kept.open(name));
    this.#all.set(name, profile);
    return profile;
  }

  #stateOf(profile: Profile): ProfileState {
    const { name, ...state } = profile.state();
    const { attempt, needs } = state;
    const error = attempt?.error && this.#advised(attempt.error, name);
    return {
      ...{ name, isDefault: name === this.#default, ...state },
      attempt: attempt && { ...attempt, ...(error && { error }) },
      needs: needs && this.#advised(needs, name),
    };
  }

  #advised<T extends { hint?: string | undefined }>(told: T, profile: string): T {
    return told.hint === undefined ? told : { ...told, hint: adviceFor(told.hint, profile, this.#default) };
  }
}
