import type { Ended } from '@hoop/contracts/local';
import { type Command, flag, type Input, JSON_OPTION, type Needs } from '../command.js';
import { currentOf, isOfSeveral, PROFILE_OPTION, profileOf, whose } from '../profile.js';
import { profilesOf, untoldText } from './profile.js';

export const logout: Command = {
  name: 'logout',
  summary: 'end the login here, at the gateway and at the IdP; its names go with it, until the next login has ended',
  options: [PROFILE_OPTION, { flags: '--all', summary: 'the logins of all profiles' }, JSON_OPTION],
  run: async (needs, input) => {
    const ended = flag(input, 'all') ? await endAll(needs) : await endOne(needs, input);
    if (flag(input, 'json')) return needs.out(`${JSON.stringify(ended)}\n`);
    needs.err(ended.ended ? `${await endText(needs, input)}${untoldText(ended)}` : 'nobody was logged in\n');
  },
};

/** Of several profiles: whose login it was, and whose is there still. */
async function endText(needs: Needs, input: Input): Promise<string> {
  const state = await needs.daemon.state();
  if (!isOfSeveral(state)) return 'logged out\n';
  const rest = profilesOf(state).flatMap(({ name, login }) => (login === null ? [] : [name]));
  const still = rest.length === 0 ? '' : `; still logged in: ${rest.join(', ')}`;
  const which = flag(input, 'all') ? 'every profile' : (profileOf(needs, input) ?? currentOf(state));
  return `logged out of ${which}${still}\n`;
}

/** A login can wait in the keychain while no daemon runs: only a daemon can end it. */
async function endOne(needs: Needs, input: Input): Promise<Ended> {
  await needs.daemon.state();
  return (await needs.daemon.api()).logout(whose(profileOf(needs, input)));
}

/** `profiles`: whose login there was. */
async function endAll(needs: Needs): Promise<Ended & { profiles: string[] }> {
  const profiles = profilesOf(await needs.daemon.state());
  const { logout: end } = await needs.daemon.api();
  const each = await Promise.all(profiles.map(async ({ name }) => ({ name, ...(await end(whose(name))) })));
  const ended = each.filter((one) => one.ended).map(({ name }) => name);
  const untold = [...new Set(each.flatMap((one) => one.untold ?? []))];
  return { ended: ended.length > 0, profiles: ended, ...(untold.length > 0 && { untold }) };
}
