import type { LoginAttempt, State } from '@hoop/contracts/local';
import { HoopError, UserError } from '@hoop/core';
import { openBrowser } from '@hoop/platform';
import type { Input, Needs } from './command.js';
import { currentOf, whose } from './profile.js';
import { readSettings, type Settings } from './settings.js';
import { plain } from './table.js';

export interface Asked {
  device: boolean;
  /** Open the page on this machine. */
  browser: boolean;
  /** Another profile's gateway is known to the IdP as the same client, and may be. */
  sharedIdp?: boolean;
  /** A person watches, and wants more than lines. */
  live: boolean;
}

/**
 * Logs in, or joins a login under way that was asked for in the same words; shows how it goes until it has ended. A text:
 * the person did not want to wait, and what becomes of it. Rejects with what it failed of.
 */
export async function logIn(needs: Needs, settings: Settings, asked: Asked): Promise<State | string> {
  const { profile } = needs;
  const before = await needs.daemon.state();
  const api = await needs.daemon.api();
  const { id, joined } = await api.login({
    body: {
      ...requestOf(settings, before, asked.device, profile),
      ...(asked.sharedIdp && { sharedIdp: true }),
      ...(profile !== undefined && { profile }),
    },
  });
  const ended = await shown(needs, { id, joined, before, ...asked });
  if (ended === GIVEN_UP) await api.cancelLogin(whose(profile)).catch(() => undefined);
  return ended;
}

const GIVEN_UP = 'login given up';
const LEFT = 'the login goes on where it was started';

/** Waits for the login that somebody else has started; as `logIn`. */
export const joinLogin = (needs: Needs, id: string, before: State, live: boolean): Promise<State | string> =>
  shown(needs, { id, joined: true, before, browser: false, live });

interface Shown {
  id: string;
  /** Whoever started it has the page; no second one is opened. */
  joined: boolean;
  before: State;
  browser: boolean;
  live: boolean;
}

async function shown(needs: Needs, about: Shown): Promise<State | string> {
  let stop = () => {};
  const interrupted = new Promise<string>((resolve) => {
    stop = needs.onInterrupt(() => resolve(about.joined ? LEFT : GIVEN_UP));
  });
  const view = await viewOf(needs, about);
  try {
    return await Promise.race([follow(needs, about, view), interrupted]);
  } finally {
    stop();
    view.end();
  }
}

/** What is set for the login that this is about. */
export async function settingsFor(needs: Needs, input: Input = NOTHING): Promise<Settings> {
  const current = currentOf(await needs.daemon.state());
  const profile = needs.profile ?? current;
  return readSettings(needs, input, { profile, isShells: profile === (needs.variables.HOOP_PROFILE || current) });
}
const NOTHING: Input = { arguments: [], options: {} };

/** Which gateway a login is for, if that is known. */
export const gatewayOf = (settings: Settings, { login, lastGateway }: State): string | undefined =>
  settings.gateway ?? login?.gateway ?? lastGateway;

const loginCommand = (profile: string | undefined) =>
  `hoop login https://YOUR-GATEWAY${profile === undefined ? '' : ` --profile ${profile}`}`;

function requestOf(settings: Settings, before: State, device: boolean, profile: string | undefined) {
  const gateway = gatewayOf(settings, before);
  if (gateway === undefined) {
    throw new UserError('no-gateway', 'which gateway?', { hint: loginCommand(profile), exit: 'usage' });
  }
  return {
    gateway: addressOf(gateway),
    flow: device ? ('device' as const) : ('browser' as const),
    store: settings.loginStore,
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    ...(settings.caFingerprint === undefined ? {} : { caFingerprint: settings.caFingerprint }),
  };
}

function addressOf(given: string): string {
  const address = given.includes('://') ? given : `https://${given}`;
  if (URL.canParse(address)) return address;
  throw new UserError('bad-gateway', `${JSON.stringify(given)} is no gateway's address`, {
    hint: 'hoop login https://YOUR-GATEWAY',
    exit: 'usage',
  });
}

async function follow(needs: Needs, { id, joined, before, browser }: Shown, view: View): Promise<State> {
  let opened: boolean | undefined;
  for await (const state of needs.daemon.watch()) {
    if (endOf(state, id, before)) return state;
    const { attempt } = state;
    if (attempt?.id !== id) continue;
    if (attempt.phase === 'browser' && attempt.url !== undefined) {
      opened ??= !joined && browser && (await openBrowser(needs.machine, attempt.url));
    }
    view.show(attempt, opened === true);
  }
  throw new UserError('daemon-unreachable', "hoop's daemon ended meanwhile", {
    hint: 'try again',
    exit: 'unavailable',
  });
}

/** True: logged in. Throws where the attempt failed or somebody else took its place. */
function endOf({ attempt, login: now }: State, id: string, before: State): boolean {
  if (attempt?.id === id && attempt.phase === 'failed') {
    const { code, message, hint } = attempt.error ?? { code: 'login-failed', message: 'the login failed' };
    throw new HoopError(code, message, { hint });
  }
  if (attempt?.id === id) return false;
  if (now !== null && now.state === 'active' && now.since !== before.login?.since) return true;
  throw new UserError('login-cancelled', 'the login was given up elsewhere', { hint: 'hoop login' });
}

interface View {
  /** `opened`: a browser was started. */
  show(attempt: LoginAttempt, opened: boolean): void;
  /** Leaves no trace on a terminal. May be called again. */
  end(): void;
}

async function viewOf(needs: Needs, { live, joined }: Shown): Promise<View> {
  if (live) return (await import('./views/login.js')).liveLogin(joined);
  let last = '';
  const show = (attempt: LoginAttempt) => {
    const line = lineOf(attempt, joined);
    if (line !== last && line !== '') needs.err(`${line}\n`);
    last = line;
  };
  return { show, end: () => {} };
}

/** A keyring asks on a desktop only. */
export const NO_DESKTOP = 'without a desktop: Ctrl-C, then hoop login --login-store memory';

/** An attempt as one line: for logs, pipes and dumb terminals. */
export function lineOf({ phase, url, userCode }: LoginAttempt, joined = false): string {
  const under = joined ? 'a login is under way; ' : '';
  if (phase === 'browser') return `${under}open in a browser on this machine: ${plain(url ?? '')}`;
  if (phase === 'device')
    return `${under}open in any browser: ${plain(url ?? '')}  and enter the code: ${plain(userCode ?? '')}`;
  if (phase === 'waiting-for-unlock') return `waiting for you to unlock the keychain; ${NO_DESKTOP}`;
  return '';
}
