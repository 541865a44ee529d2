import type { State } from '@hoop/contracts/local';
import { EXIT } from '@hoop/core';
import { logIn } from '../attempt.js';
import { type Command, flag, type Input, JSON_OPTION, type Needs } from '../command.js';
import { readSettings } from '../settings.js';
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
    JSON_OPTION,
  ],
  examples: ['hoop login https://hoop.example.com', 'hoop login --device --login-store memory'],
  run: async (needs, input) => {
    const state = await logIn(needs, await readSettings(needs, input), {
      device: flag(input, 'device'),
      browser: input.options.browser !== false,
      live: needs.terminal.err && !flag(input, 'json'),
    });
    if (typeof state !== 'string') return conclude(needs, input, state);
    needs.err(`${state}\n`);
    return EXIT.interrupted;
  },
};

function conclude(needs: Needs, input: Input, state: State): number {
  const { login: now } = state;
  if (flag(input, 'json')) needs.out(`${JSON.stringify(now)}\n`);
  else if (now !== null) needs.err(`logged in to ${now.gateway} as ${plain(now.identity.email)}\n`);
  return EXIT.ok;
}
