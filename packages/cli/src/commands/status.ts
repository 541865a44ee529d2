import type { State } from '@hoop/contracts/local';
import { type Command, flag, JSON_OPTION, WATCH_OPTION } from '../command.js';
import { clockTime, columns, plain, span } from '../table.js';

export const status: Command = {
  name: 'status',
  summary: 'show login, gateway, connections and what is wrong',
  options: [WATCH_OPTION, JSON_OPTION],
  run: async (needs, input) => {
    const json = flag(input, 'json');
    const show = (state: State) => (json ? `${JSON.stringify(state)}\n` : statusOf(state, needs.now()));
    if (!flag(input, 'watch')) return needs.out(show(await needs.daemon.state()));
    if (!json && needs.terminal.out) {
      const { showStatus } = await import('../views/live.js');
      return showStatus(needs);
    }
    for await (const state of needs.daemon.watch()) needs.out(json ? show(state) : `${show(state)}\n`);
  },
};

/** The state as lines of `what  how it is`. */
export const statusOf = (state: State, now: number): string => columns(statusRows(state, now));

export function statusRows(state: State, now: number): string[][] {
  const { daemon, connections, refused } = state;
  const open = connections.reduce((sum, one) => sum + one.flows, 0);
  const blocked = connections.filter((one) => one.state === 'blocked');
  const turnedAway = refused.peers + refused.protocol + refused.api + refused.ports;
  return [
    ['daemon', `hoopd ${daemon.version}, pid ${daemon.pid}, up ${span(now - daemon.startedAt)}`],
    ['login', ...loginRow(state, now)],
    ['gateway', gatewayRow(state)],
    ['resolver', resolverRow(state)],
    ['connections', `${connections.length} seen, ${blocked.length} not by name, ${open} open`],
    ...blocked.map((one) => [
      '',
      `${plain(one.name)}: ${one.address}:${one.port} is held by ${plain(one.holder ?? '?')}`,
    ]),
    [
      'turned away',
      `${turnedAway} (other users ${refused.peers}, wrong protocol ${refused.protocol}, local API ${refused.api}, ports ${refused.ports})`,
    ],
    ...problemsOf(state).flatMap(({ message, hint }) => [
      ['problem', plain(message)],
      ...(hint === undefined ? [] : [['', plain(hint)]]),
    ]),
  ];
}

function loginRow({ login }: State, now: number): [string] {
  if (login === null) return ['none: hoop login https://YOUR-GATEWAY'];
  const who = plain(login.identity.email);
  if (login.state === 'expired') return [`${who}, ended: hoop login ${login.gateway}`];
  if (login.state === 'waiting-for-unlock') return [`${who}, waiting for you to unlock the keychain`];
  const until = login.certificateUntil === undefined ? '' : `, certificate for ${span(login.certificateUntil - now)}`;
  const lease = login.leaseUntil === undefined ? '' : `, lease until ${clockTime(login.leaseUntil)} UTC`;
  return [`${who}, ${login.state}, in ${login.store}${until}${lease}`];
}

function gatewayRow({ gateway }: State): string {
  if (gateway === null) return 'none';
  return `${gateway.url}, ${gateway.state}${gateway.error === undefined ? '' : `: ${plain(gateway.error)}`}`;
}

function resolverRow({ daemon: { resolver } }: State): string {
  if (resolver === null) return 'none';
  return `${resolver.address}:${resolver.port}, ${resolver.answered} answered`;
}

const problemsOf = ({ problems, attempt }: State) => [
  ...problems,
  ...(attempt?.error === undefined ? [] : [attempt.error]),
];
