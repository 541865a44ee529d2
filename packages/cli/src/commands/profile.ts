import type { Ended, ProfileState, State } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';
import { DEFAULT_PROFILE, profileName } from '@hoop/platform';
import { type Command, flag, JSON_OPTION, type Needs, word } from '../command.js';
import { currentOf } from '../profile.js';
import { type Configs, readConfig } from '../settings.js';
import { columns, plain } from '../table.js';

const ls: Command = {
  name: 'ls',
  summary: 'show the profiles: each is a login to a gateway; * has the short names',
  options: [JSON_OPTION],
  run: async (needs, input) => {
    const profiles = profilesOf(await needs.daemon.state());
    if (flag(input, 'json')) return needs.out(`${JSON.stringify(profiles)}\n`);
    const headed = needs.terminal.out ? [['PROFILE', '', 'GATEWAY', 'LOGIN']] : [];
    needs.out(columns([...headed, ...profiles.map(rowOf)]));
  },
};

const use: Command = {
  name: 'use',
  summary: 'give a profile the short names: NAME.hoop, and NAME in commands',
  arguments: [['PROFILE', 'as `hoop profile ls` shows it']],
  options: [JSON_OPTION],
  examples: ['hoop profile use acme'],
  run: async (needs, input) => {
    const { name } = await known(needs, word(input, 0));
    if (name !== currentOf(await needs.daemon.state())) await (await needs.daemon.api()).useProfile({ name });
    if (flag(input, 'json')) return needs.out(`${JSON.stringify({ default: name })}\n`);
    needs.err(`NAME.hoop and NAME are now of the profile ${name}\n`);
  },
};

const rename: Command = {
  name: 'rename',
  summary: 'give it another name; login and addresses stay, its names are like pg-prod.NEW.hoop',
  arguments: [
    ['PROFILE', 'as `hoop profile ls` shows it'],
    ['NEW', 'lower-case letters, digits and inner hyphens'],
  ],
  options: [JSON_OPTION],
  examples: ['hoop profile rename default acme'],
  run: async (needs, input) => {
    const [{ name }, to] = [await known(needs, word(input, 0)), profileName(word(input, 1))];
    await (await needs.daemon.api()).renameProfile({ name, body: { to } });
    if (flag(input, 'json')) return needs.out(`${JSON.stringify({ renamed: name, to })}\n`);
    needs.err(`the profile ${name} is now called ${to}, and its names are like pg-prod.${to}.hoop\n`);
    needs.err(await leftIn(needs, name, to));
  },
};

/** What the person wrote is theirs to change. */
async function leftIn({ paths, machine }: Needs, name: string, to: string): Promise<string> {
  const { profiles = {}, ...top } = await readConfig(paths.configFile, machine.uid).catch(() => ({}) as Configs);
  const isNamed = name === DEFAULT_PROFILE ? Object.keys(top).length > 0 : Object.hasOwn(profiles, name);
  const where = name === DEFAULT_PROFILE ? 'at the top' : `below profiles, ${name}`;
  return isNamed ? `in ${paths.configFile}, what stands ${where} belongs below profiles, ${to} now\n` : '';
}

const remove: Command = {
  name: 'remove',
  summary: 'end its login and forget it: gateway, names and addresses',
  arguments: [['PROFILE', 'as `hoop profile ls` shows it']],
  options: [JSON_OPTION],
  examples: ['hoop profile remove acme'],
  run: async (needs, input) => {
    const { name } = await known(needs, word(input, 0));
    if (name === DEFAULT_PROFILE) {
      throw new UserError('profile', 'the profile default is always there', {
        hint: 'hoop logout --profile default ends its login',
      });
    }
    const ended = await (await needs.daemon.api()).removeProfile({ name });
    if (flag(input, 'json')) return needs.out(`${JSON.stringify({ removed: name, ...ended })}\n`);
    needs.err(`${ended.ended ? 'logged out; ' : ''}the profile ${name} is forgotten\n${untoldText(ended)}`);
  },
};

export const profile: Command = {
  name: 'profile',
  summary: 'several gateways at once: show profiles, choose the default, rename or forget one',
  commands: [ls, use, rename, remove],
};

/** All of them; where there is one, as it would be among others. */
export const profilesOf = ({ profiles, login, attempt, lastGateway, gateway, needs }: State): ProfileState[] =>
  profiles ?? [
    {
      ...{ name: DEFAULT_PROFILE, isDefault: true, login, attempt, gateway, needs },
      ...(lastGateway !== undefined && { lastGateway }),
    },
  ];

/** Nothing of the login is left here; whoever was not told holds it for as long as it holds any. */
export const untoldText = ({ untold = [] }: Ended): string =>
  untold.length === 0 ? '' : `the ${untold.join(' and the ')} could not be told: there the login ends by itself\n`;

function rowOf({ name, isDefault, login, lastGateway }: ProfileState): string[] {
  const who =
    login === null ? 'none' : `${plain(login.identity.email)}, ${login.state === 'expired' ? 'ended' : login.state}`;
  return [name, isDefault ? '*' : '', login?.gateway ?? lastGateway ?? '-', who];
}

async function known(needs: Needs, name: string): Promise<ProfileState> {
  const profiles = profilesOf(await needs.daemon.state());
  const found = profiles.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new UserError('no-such-profile', `there is no profile called ${JSON.stringify(name)}`, {
    hint: `hoop profile ls shows: ${profiles.map((one) => one.name).join(', ')}`,
    exit: 'usage',
  });
}
