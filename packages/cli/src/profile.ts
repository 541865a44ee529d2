import type { LocalConnection, ProfileState, State } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';
import { DEFAULT_PROFILE, profileName } from '@hoop/platform';
import { type Input, type Needs, type Option, text } from './command.js';

export const PROFILE_OPTION: Option = {
  flags: '--profile PROFILE',
  summary: "this profile's alone; else HOOP_PROFILE's",
};

/** The profile that is asked for: flag, else environment; undefined: none in particular. */
export function profileOf({ variables }: Pick<Needs, 'variables'>, input: Input): string | undefined {
  const given = text(input, 'profile') ?? (variables.HOOP_PROFILE || undefined);
  return given === undefined ? undefined : profileName(given);
}

/** With a daemon that knows of the profile alone that is asked for; of all, where none is. */
export function inProfile(needs: Needs, input: Input): Needs {
  const name = profileOf(needs, input);
  return name === undefined ? needs : narrowed(needs, name, ofProfile);
}

/** With a daemon that knows of one profile alone; `to` makes of the whole state what it then says. */
export function narrowed(needs: Needs, profile: string, to: (state: State, profile: string) => State): Needs {
  const { daemon } = needs;
  return {
    ...needs,
    profile,
    daemon: {
      ...daemon,
      state: async () => to(await daemon.state(), profile),
      probed: async () => to(await daemon.probed(), profile),
      running: async () => {
        const state = await daemon.running();
        return state && to(state, profile);
      },
      watch: async function* () {
        for await (const state of daemon.watch()) yield to(state, profile);
      },
    },
  };
}

/** The same for one that a login may be about to make. */
export const ofProfileOrNew = (state: State, name: string): State =>
  hasProfile(state, name)
    ? ofProfile(state, name)
    : { ...withoutLogin(state), login: null, attempt: null, gateway: null, needs: null };

function withoutLogin({ profiles, login, attempt, lastGateway, gateway, needs, ...laptop }: State) {
  return laptop;
}

/** The profile whose names are the short ones. */
export const currentOf = ({ profiles }: State): string =>
  profiles?.find(({ isDefault }) => isDefault)?.name ?? DEFAULT_PROFILE;

/** What the daemon knows of one profile. Throws a `UserError` if there is none of that name. */
export function ofProfile(state: State, name: string): State {
  const { profiles } = state;
  if (profiles === undefined && name === DEFAULT_PROFILE) return state;
  const one = profiles?.find((each) => each.name === name);
  if (one === undefined) throw noProfile(state, name);
  const { name: _, isDefault: __, ...own } = one;
  return {
    ...withoutLogin(state),
    ...own,
    profiles: [one],
    connections: state.connections.filter(({ profile }) => profile === name),
    problems: state.problems.filter(({ profile }) => (profile ?? name) === name),
  };
}

export const hasProfile = ({ profiles }: State, name: string): boolean =>
  profiles === undefined ? name === DEFAULT_PROFILE : profiles.some((one) => one.name === name);

function noProfile({ profiles }: State, name: string): UserError {
  const names = profiles?.map((one) => one.name) ?? [DEFAULT_PROFILE];
  return new UserError('no-such-profile', `there is no profile called ${JSON.stringify(name)}`, {
    hint: `hoop profile ls shows: ${names.join(', ')}; for a new one: hoop login https://YOUR-GATEWAY --profile ${name}`,
    exit: 'usage',
  });
}

/** Somebody is logged in there, was once, or tries to be; or it has the short names. */
const isUsed = ({ login, attempt, lastGateway, isDefault }: ProfileState): boolean =>
  isDefault || login !== null || attempt !== null || lastGateway !== undefined;

/** Each profile's part of the state; the state itself, where it is of one alone. */
export function partsOf(state: State): State[] {
  const { profiles = [] } = state;
  return profiles.length < 2 ? [state] : profiles.filter(isUsed).map(({ name }) => ofProfile(state, name));
}

/** The state is of several profiles. */
export const isOfSeveral = ({ profiles }: State): boolean => (profiles?.length ?? 0) > 1;

/** How commands take a connection, and `ls` shows it: `pg-prod`, `pg-prod.acme`. */
export const shownName = ({ hostname }: LocalConnection): string => hostname.replace(/\.hoop$/, '');

/** The long name, which holds whichever profile is the default; none where there is one profile. */
export const longHostname = ({ name, profile }: LocalConnection): string | undefined =>
  profile === undefined ? undefined : `${name}.${profile}.hoop`;

/** For a call of the local API about a connection. */
export const whose = (profile: string | undefined) => (profile === undefined ? {} : { query: { profile } });
