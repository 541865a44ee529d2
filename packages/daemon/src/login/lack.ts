import type { State } from '@hoop/contracts/local';
import type { Refusal } from '@hoop/core';
import type { Credentials } from '../credentials.js';

/** What only a person can do. `ask`: whoever runs the gateway. */
export type Act = NonNullable<State['needs']>['act'];

/** Why there is no credential, as a client is told, and what a person must do about it, if anything. */
export interface Lack {
  refusal: Refusal;
  act: Act | undefined;
}

type Standing = Pick<ReturnType<Credentials['state']>, 'login' | 'attempt' | 'ended'>;

/** Of a login that has no credential now. */
export function lackOf({ login, attempt, ended: why }: Standing): Lack {
  if (attempt !== null && attempt.phase !== 'failed') return { refusal: UNDER_WAY, act: undefined };
  const trouble = attempt !== null && OWN.includes(attempt.id) ? attempt.error : undefined;
  if (login === null) return { refusal: NOBODY, act: 'log-in' };
  if (login.state === 'expired') return ended(why ?? trouble);
  if (login.state === 'waiting-for-unlock') return { refusal: LOCKED, act: 'unlock' };
  return trouble === undefined ? { refusal: UNANSWERED, act: undefined } : unrenewed(trouble);
}

/** What a person must do now, for `status`; null: nothing. */
export function needOf(credentials: Pick<Credentials, 'current' | 'state'>): State['needs'] {
  if (credentials.current() !== undefined) return null;
  const { act, refusal } = lackOf(credentials.state());
  if (act === undefined) return null;
  return { act, message: refusal.message, ...(refusal.hint !== undefined && { hint: refusal.hint }) };
}

/** Attempts of no person (contracts/local): they tell of the login that is held. */
const OWN = ['renewal', 'restore'];

type Trouble = { code: string; message: string; hint?: string | undefined };

function ended(why: Trouble | undefined): Lack {
  if (why?.code === 'identity-disabled') {
    const { message, hint = 'ask whoever runs the gateway' } = why;
    // The gateway tells nobody that they are let in again: only a login finds out.
    return { refusal: { code: 'identity-disabled', message, hint: `${hint}, then: hoop login` }, act: 'ask' };
  }
  const message = why === undefined ? 'your login has ended' : `your login has ended: ${why.message}`;
  return { refusal: { code: 'login-required', message, hint: 'hoop login' }, act: 'log-in' };
}

/** The login stands, its certificate does not. What is away comes back by itself; a keychain that cannot be used does not. */
function unrenewed({ code, message, hint = 'hoop status' }: Trouble): Lack {
  const isAway = code === 'gateway-unreachable' || code === 'idp-unreachable';
  return {
    refusal: {
      code: isAway ? 'gateway-unreachable' : 'login-required',
      message: `the login cannot be renewed: ${message}`,
      hint,
    },
    act: code.startsWith('keychain-') ? 'unlock' : undefined,
  };
}

const NOBODY: Refusal = {
  code: 'login-required',
  message: 'nobody is logged in on this laptop',
  hint: 'hoop login',
};
const UNDER_WAY: Refusal = {
  code: 'login-required',
  message: 'a login is under way, and has not ended yet',
  hint: 'finish it in the browser and try again; hoop login shows where',
};
const LOCKED: Refusal = {
  code: 'login-required',
  message: 'hoop waits for your keychain to be unlocked',
  hint: 'unlock it and try again; without a desktop: hoop login --login-store memory',
};
const UNANSWERED: Refusal = {
  code: 'gateway-unreachable',
  message: 'the login is being renewed, and nobody has answered yet',
  hint: 'try again; hoop status shows the gateway',
};
