import type { LoginAttempt, State } from '@hoop/contracts/local';
import { EXIT, HoopError, UserError } from '@hoop/core';
import { openBrowser } from '@hoop/platform';
import { type Command, flag, type Input, JSON_OPTION, type Needs } from '../command.js';
import { hasProfile, inProfile, ofProfile, profileOf, whose } from '../profile.js';
import { readSettings, type Settings } from '../settings.js';
import { plain } from '../table.js';
import { currentOf } from './profile.js';

export const login: Command = {
  name: 'login',
  summary: "log in to a gateway with your company's IdP",
  arguments: [['[GATEWAY]', 'its address, https://…; else HOOP_GATEWAY, the config file, the last one']],
  options: [
    { flags: '--device', summary: 'show a code to enter in a browser anywhere' },
    { flags: '--no-browser', summary: 'show the address, open nothing' },
    {
      flags: '--ca-file FILE',
      summary: "trust these roots (PEM) for gateway and IdP, not the system's; remembered with the gateway",
    },
    {
      flags: '--ca-fingerprint SHA256',
      summary: "trust the certificate of the gateway's chain with this fingerprint; remembered, too",
    },
    {
      flags: '--login-store WHERE',
      summary: 'where the login is kept; memory: until the daemon ends',
      choices: ['keychain', 'memory'],
    },
    {
      flags: '--profile PROFILE',
      summary: 'beside other logins, with names like pg-prod.PROFILE.hoop; made if it is new',
    },
    JSON_OPTION,
  ],
  examples: [
    'hoop login https://hoop.example.com',
    'hoop login https://gateway.acme.example --profile acme',
    'hoop login --device --login-store memory',
  ],
  run: async (all, input) => {
    const whole = await all.daemon.state();
    const profile = profileOf(all, input) ?? currentOf(whole);
    const before = hasProfile(whole, profile) ? ofProfile(whole, profile) : nobody(whole);
    const settings = await readSettings(all, input, profile);
    const request = {
      ...requestOf(settings, before, flag(input, 'device')),
      ...(profile !== currentOf(whole) && { profile }),
    };
    const needs = inProfile(all, { ...input, options: { ...input.options, profile } });
    const api = await needs.daemon.api();
    let stop = () => {};
    const interrupted = new Promise<'interrupted'>((resolve) => {
      stop = needs.onInterrupt(() => resolve('interrupted'));
    });
    const attempt = await api.login({ body: request });
    const view = await viewOf(needs, input);
    try {
      const how = await Promise.race([follow(needs, input, attempt.id, before, view), interrupted]);
      view.end();
      if (how !== 'interrupted') return conclude(needs, input, how, before);
    } finally {
      stop();
      view.end();
    }
    await api.cancelLogin(whose(request.profile)).catch(() => undefined);
    needs.err('login given up\n');
    return EXIT.interrupted;
  },
};

/** A profile that nobody has made. */
const nobody = (state: State): State => ({
  ...state,
  login: null,
  attempt: null,
  lastGateway: undefined,
  gateway: null,
});

function requestOf(settings: Settings, before: State, device: boolean) {
  const gateway = settings.gateway ?? before.login?.gateway ?? before.lastGateway;
  if (gateway === undefined) {
    throw new UserError('no-gateway', 'which gateway?', { hint: 'hoop login https://YOUR-GATEWAY', exit: 'usage' });
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

/** Shows how the attempt goes until it has ended. Rejects with what it failed of. */
async function follow(needs: Needs, input: Input, id: string, before: State, view: View): Promise<State> {
  let opened: boolean | undefined;
  for await (const state of needs.daemon.watch()) {
    if (endOf(state, id, before)) return state;
    const { attempt } = state;
    if (attempt?.id !== id) continue;
    if (attempt.phase === 'browser' && attempt.url !== undefined) {
      opened ??= input.options.browser !== false && (await openBrowser(needs.machine, attempt.url));
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

async function viewOf(needs: Needs, input: Input): Promise<View> {
  if (needs.terminal.err && !flag(input, 'json')) return (await import('../views/login.js')).liveLogin();
  let last = '';
  const show = (attempt: LoginAttempt) => {
    const line = lineOf(attempt);
    if (line !== last && line !== '') needs.err(`${line}\n`);
    last = line;
  };
  return { show, end: () => {} };
}

/** An attempt as one line: for logs, pipes and dumb terminals. */
export function lineOf({ phase, url, userCode }: LoginAttempt): string {
  if (phase === 'browser') return `open in a browser on this machine: ${plain(url ?? '')}`;
  if (phase === 'device')
    return `open in any browser: ${plain(url ?? '')}  and enter the code: ${plain(userCode ?? '')}`;
  if (phase === 'waiting-for-unlock') return 'waiting for you to unlock the keychain';
  return '';
}

function conclude(needs: Needs, input: Input, state: State, before: State): number {
  const { login: now } = state;
  const [profile] = state.profiles ?? [];
  if (flag(input, 'json')) needs.out(`${JSON.stringify(now)}\n`);
  else if (now !== null) {
    needs.err(`logged in to ${now.gateway} as ${plain(now.identity.email)}\n`);
    if (profile !== undefined && !profile.isDefault) needs.err(`its names are like pg-prod.${profile.name}.hoop\n`);
    const old = before.login?.gateway ?? now.gateway;
    if (old !== now.gateway) needs.err(`in place of ${old}; to have both: hoop login ${old} --profile NAME\n`);
  }
  return EXIT.ok;
}
