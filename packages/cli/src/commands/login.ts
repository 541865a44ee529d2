import type { State } from '@hoop/contracts/local';
import { EXIT } from '@hoop/core';
import { logIn, settingsFor } from '../attempt.js';
import { type Command, flag, type Input, JSON_OPTION, type Needs } from '../command.js';
import { narrowed, ofProfileOrNew, profileOf } from '../profile.js';
import { plain } from '../table.js';

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
    {
      flags: '--shared-idp',
      summary: "the IdP may take this gateway for another profile's: the same people run both; remembered, too",
    },
    JSON_OPTION,
  ],
  examples: [
    'hoop login https://hoop.example.com',
    'hoop login https://gateway.acme.example --profile acme',
    'hoop login --device --login-store memory',
  ],
  run: async (all, input) => {
    const name = profileOf(all, input);
    const needs = name === undefined ? all : narrowed(all, name, ofProfileOrNew);
    const before = await needs.daemon.state();
    const state = await logIn(needs, await settingsFor(needs, input), {
      device: flag(input, 'device'),
      browser: input.options.browser !== false,
      sharedIdp: flag(input, 'sharedIdp'),
      live: needs.terminal.err && !flag(input, 'json'),
    });
    if (typeof state !== 'string') return conclude(needs, input, state, before);
    needs.err(`${state}\n`);
    return EXIT.interrupted;
  },
};

function conclude(needs: Needs, input: Input, state: State, before: State): number {
  const { login: now } = state;
  if (flag(input, 'json')) needs.out(`${JSON.stringify(now)}\n`);
  else if (now !== null) {
    needs.err(`logged in to ${now.gateway} as ${plain(now.identity.email)}\n`);
    const [own, other] = state.profiles ?? [];
    if (own !== undefined && other === undefined && !own.isDefault)
      needs.err(`its names are like pg-prod.${own.name}.hoop\n`);
    const old = before.login?.gateway ?? now.gateway;
    if (old !== now.gateway) needs.err(`in place of ${old}; to have both: hoop login ${old} --profile NAME\n`);
  }
  return EXIT.ok;
}
