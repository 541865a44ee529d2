import type { LocalConnection, State } from '@hoop/contracts/local';
import { type Command, flag, JSON_OPTION, type Needs, WATCH_OPTION } from '../command.js';
import { follow } from '../follow.js';
import { inProfile, PROFILE_OPTION, partsOf, shownName } from '../profile.js';
import { ready, someLogin, troubled } from '../settle.js';
import { columns, plain } from '../table.js';

export const ls: Command = {
  name: 'ls',
  summary: 'show the connections that you may see',
  options: [PROFILE_OPTION, WATCH_OPTION, JSON_OPTION],
  run: async (all, input) => {
    const needs = inProfile(all, input);
    const json = flag(input, 'json');
    const show = ({ connections }: State) =>
      json ? `${JSON.stringify(connections)}\n` : listOf(connections, needs.terminal.out);
    if (flag(input, 'watch')) return watch(needs, json, show);
    const state = await ready(needs);
    needs.out(show(state));
    if (!json && state.connections.length === 0) needs.err(`${NONE}: ask your administrator\n`);
    if (json) return;
    for (const line of [...remarksOn(state.connections), ...troublesOf(state), ...awayOf(state)])
      needs.err(`${line}\n`);
  },
};

export const NONE = 'no connection is open to you';
/** For people; a pipe gets rows alone. */
export const HEADINGS = ['NAME', 'PROTOCOL', 'ADDRESS', 'STATE'];

const listOf = (connections: readonly LocalConnection[], headed: boolean): string =>
  columns([...(headed && connections.length > 0 ? [HEADINGS] : []), ...rowsOf(connections)]);

export const rowsOf = (connections: readonly LocalConnection[]): string[][] =>
  connections.map((one) => [
    plain(shownName(one)),
    one.protocol,
    `${one.reach.address}:${one.reach.port}`,
    stateOf(one),
  ]);

const STATES: Record<LocalConnection['state'], string> = {
  ready: 'ready',
  blocked: 'not by name',
  requestable: 'on request',
  offline: 'gateway away',
};
export const stateOf = ({ state }: LocalConnection): string => STATES[state];

/** What a row has no room for: why a connection is not ready, and what helps. */
export const remarksOn = (connections: readonly LocalConnection[]): string[] => [
  ...new Set(
    connections.flatMap((one) => {
      const why = whyNot(one);
      return [
        ...(why === undefined ? [] : [`${plain(shownName(one))}: ${why}`]),
        ...(one.hint ? [`  ${plain(one.hint)}`] : []),
      ];
    }),
  ),
];

/** Profiles whose names are missing or do not work now, where others are there: why, and what helps. */
export const troublesOf = (state: State): string[] =>
  partsOf(state).flatMap((part) => {
    const [{ name = '', isDefault = true } = {}] = part.profiles ?? [];
    const trouble = troubled(part);
    // Where nobody is logged in, nobody misses the names, but for the short ones.
    if (trouble === undefined || (part.login === null && !isDefault)) return [];
    return [
      `profile ${name}: ${plain(trouble.message)}`,
      ...(trouble.hint === undefined ? [] : [`  ${plain(trouble.hint)}`]),
    ];
  });

/** Gateways that cannot be reached, whose connections are listed all the same. */
const awayOf = (state: State): string[] =>
  partsOf(state).flatMap(({ gateway, connections }) =>
    gateway?.state === 'offline' && connections.length > 0
      ? [
          `the gateway ${gateway.url} cannot be reached${gateway.error === undefined ? '' : `: ${plain(gateway.error)}`}`,
        ]
      : [],
  );

function whyNot({ state, contact, holder, address, port }: LocalConnection): string | undefined {
  if (state === 'requestable') return contact === undefined ? undefined : `on request, ask ${plain(contact)}`;
  return holder === undefined ? undefined : `${address}:${port} is held by ${plain(holder)}`;
}

/** Each change: a live table for a person, else a document or a table a change. Ends with the login. */
async function watch(needs: Needs, json: boolean, show: (state: State) => string): Promise<number> {
  someLogin(await needs.daemon.state());
  if (!json && needs.terminal.out) {
    const { showList } = await import('../views/live.js');
    return showList(needs);
  }
  let last = '';
  return follow(needs, (state) => {
    someLogin(state);
    const text = show(state);
    if (text !== last) needs.out(json ? text : `${text}\n`);
    last = text;
  });
}
