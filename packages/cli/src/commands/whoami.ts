import { type Command, flag, JSON_OPTION } from '../command.js';
import { currentOf, inProfile, PROFILE_OPTION } from '../profile.js';
import { loginOf, settled } from '../settle.js';
import { columns, plain, span } from '../table.js';

export const whoami: Command = {
  name: 'whoami',
  summary: 'show who you are logged in as',
  options: [PROFILE_OPTION, JSON_OPTION],
  run: async (needs, input) => {
    const state = await settled(inProfile(needs, input));
    const login = loginOf(state);
    if (flag(input, 'json')) return needs.out(`${JSON.stringify(login)}\n`);
    const { email, groups } = login.identity;
    const until =
      login.certificateUntil === undefined ? login.state : `for ${span(login.certificateUntil - needs.now())}`;
    needs.out(
      columns([
        ['person', plain(email)],
        ...(state.profiles === undefined
          ? []
          : [['profile', state.profiles.length === 1 ? (state.profiles[0]?.name ?? '') : currentOf(state)]]),
        ['groups', groups.map(plain).join(', ') || 'none'],
        ['gateway', login.gateway],
        ['idp', login.issuer],
        ['login', `${login.state}, kept in ${login.store}`],
        ['certificate', until],
      ]),
    );
  },
};
