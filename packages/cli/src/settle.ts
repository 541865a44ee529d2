import type { Login, LoginAttempt, State } from '@hoop/contracts/local';
import { HoopError, UserError } from '@hoop/core';
import { DEFAULT_PROFILE } from '@hoop/platform';
import { gatewayOf, joinLogin, logIn, settingsFor } from './attempt.js';
import type { Needs } from './command.js';
import { partsOf } from './profile.js';
import { plain } from './table.js';

/** A person is at it, and nobody is logged in meanwhile. */
export const isUnderWay = ({ login, attempt }: State): boolean =>
  (login === null || login.state === 'expired') && attempt !== null && attempt.phase !== 'failed';

/** How long a daemon that has just started gets to find its feet. */
const PATIENCE = 5_000;

const settling = (state: State): boolean => partsOf(state).some(isSettling);

function isSettling(state: State): boolean {
  const { login, gateway } = state;
  if (login === null) return false;
  if (login.state === 'renewing') return troubleOf(state) === undefined;
  return login.state === 'active' && gateway?.state === 'connecting';
}

/** What is wrong with the login: of an attempt that failed beside one that works, its own command has told. */
export function troubleOf({ attempt, login }: State): NonNullable<LoginAttempt['error']> | undefined {
  const isOwn = attempt !== null && ['renewal', 'restore'].includes(attempt.id);
  return isOwn || login === null ? attempt?.error : undefined;
}

/** The state once logins and gateways are known; as it is when that takes too long. */
export async function settled(needs: Needs): Promise<State> {
  const first = await needs.daemon.state();
  if (!settling(first)) return first;
  let last = first;
  const late = needs.pause(PATIENCE).then(() => undefined);
  const watch = needs.daemon.watch();
  try {
    for (;;) {
      const next = await Promise.race([watch.next(), late]);
      if (next === undefined || next.done === true) return last;
      last = next.value;
      if (!settling(last)) return last;
    }
  } finally {
    void watch.return(undefined);
  }
}

/** The login, or the error that says how to get one. */
export function loginOf(state: State): Login {
  if (state.login === null) throw new UserError('login-required', 'you are not logged in', cureOf(state));
  if (state.login.state !== 'expired') return state.login;
  const why = troubleOf(state)?.message ?? state.needs?.message ?? ENDED;
  throw new UserError('login-expired', why.startsWith(ENDED) ? why : `${ENDED}: ${why}`, cureOf(state));
}
const ENDED = 'your login has ended';
const cureOf = (state: State) => ({ hint: loginMend(state), exit: 'login' }) as const;
/** What ends the lack of a login: mostly a command; else whom to ask. */
export const loginMend = (state: State): string =>
  (state.needs?.act === 'ask' ? state.needs.hint : undefined) ?? loginCommand(state);
/** The daemon remembers where the last login was, and why that gateway was believed. */
const loginCommand = ({ lastGateway, login, profiles = [] }: State): string => {
  const [only, other] = profiles;
  const isUsual = only?.isDefault && only.name === DEFAULT_PROFILE;
  const whose = only === undefined || other !== undefined || isUsual ? '' : ` --profile ${only.name}`;
  return `hoop login${lastGateway === undefined ? ` ${login?.gateway ?? 'https://YOUR-GATEWAY'}` : ''}${whose}`;
};

/**
 * `ready`, but where all that lacks is a login, one that is under way is waited for, and a person at a terminal is asked
 * whether to log in now: a browser never opens unasked.
 */
export async function readyOrLogIn(needs: Needs): Promise<State> {
  const state = await settled(needs);
  const { attempt } = state;
  if (hasLogin(state)) return ready(needs);
  const live = needs.terminal.err;
  const asked = { device: false, browser: true, live };
  if (attempt !== null && attempt.phase !== 'failed') goesOn(await joinLogin(needs, attempt.id, state, live));
  else if (needs.terminal.in && live && (await wants(needs, state))) {
    goesOn(await logIn(needs, await settingsFor(needs), asked));
  }
  return ready(needs);
}

function goesOn(ended: State | string): void {
  if (typeof ended === 'string') throw new UserError('interrupted', ended, { exit: 'interrupted' });
}

async function wants(needs: Needs, state: State): Promise<boolean> {
  const gateway = gatewayOf(await settingsFor(needs), state);
  if (gateway === undefined || state.needs?.act === 'ask') return false;
  const lack = state.login === null ? 'You are not logged in' : 'Your login has ended';
  return /^(y(es)?)?$/i.test((await needs.ask(`${lack}. Log in at ${plain(gateway)} now? [Y/n] `)).trim());
}

/** With a login that works, of several profiles any; else the error that says what is wrong. */
export async function ready(needs: Needs): Promise<State> {
  const state = await settled(needs);
  if (partsOf(state).every((part) => troubled(part) !== undefined)) working(state);
  return state;
}

const hasLogin = (state: State): boolean =>
  partsOf(state).some(({ login }) => login !== null && login.state !== 'expired');

/** Somebody is logged in, in some profile; else the error that says how to. */
export function someLogin(state: State): void {
  if (!hasLogin(state)) loginOf(state);
}

/** What is wrong, if anything is. */
export function troubled(state: State): HoopError | undefined {
  try {
    working(state);
    return undefined;
  } catch (error) {
    return error as HoopError;
  }
}

/** Throws what is wrong with the login or on the way to the gateway, if it keeps connections from working. */
export function working(state: State): void {
  const login = loginOf(state);
  if (login.state === 'waiting-for-unlock') {
    throw new UserError('keychain-locked', 'your keychain is locked', { hint: 'unlock it; the daemon waits for that' });
  }
  const trouble = troubleOf(state);
  if (login.state === 'renewing' && trouble !== undefined) {
    const { code, message, hint } = trouble;
    throw new HoopError(code, message, { hint });
  }
  if (state.connections.length === 0 && state.gateway !== null && state.gateway.state !== 'online') {
    const why = state.gateway.error === undefined ? '' : `: ${state.gateway.error}`;
    throw new UserError('gateway-unreachable', `the gateway ${state.gateway.url} cannot be reached${why}`, {
      hint: 'hoop status --watch shows when it is back',
      exit: 'unavailable',
    });
  }
}
