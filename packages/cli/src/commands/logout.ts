import { type Command, flag, JSON_OPTION } from '../command.js';

export const logout: Command = {
  name: 'logout',
  summary: 'end the login here, at the gateway and at the IdP',
  options: [JSON_OPTION],
  run: async (needs, input) => {
    const state = await needs.daemon.running();
    const ended = state === undefined ? await offline(needs) : (await (await needs.daemon.api()).logout({})).ended;
    if (flag(input, 'json')) return needs.out(`${JSON.stringify({ ended })}\n`);
    needs.err(ended ? 'logged out\n' : 'nobody was logged in\n');
  },
};

/** A login can wait in the keychain while no daemon runs: only a daemon can end it. */
async function offline(needs: Parameters<NonNullable<Command['run']>>[0]): Promise<boolean> {
  await needs.daemon.state();
  return (await (await needs.daemon.api()).logout({})).ended;
}
