import type { LocalConnection, State } from '@hoop/contracts/local';
import { type Command, flag, JSON_OPTION, type Needs, WATCH_OPTION } from '../command.js';
import { loginOf, ready } from '../settle.js';
import { columns, plain } from '../table.js';

export const ls: Command = {
  name: 'ls',
  summary: 'show the connections that you may see',
  options: [WATCH_OPTION, JSON_OPTION],
  run: async (needs, input) => {
    const json = flag(input, 'json');
    const show = (state: State) => (json ? `${JSON.stringify(state.connections)}\n` : listOf(state.connections));
    if (flag(input, 'watch')) return watch(needs, json, show);
    const state = await ready(needs);
    needs.out(show(state));
    if (!json && state.connections.length === 0) needs.err('no connection is open to you: ask your administrator\n');
    for (const hint of hintsOf(state.connections)) needs.err(`${hint}\n`);
  },
};

export const listOf = (connections: readonly LocalConnection[]): string => columns(rowsOf(connections));

export const rowsOf = (connections: readonly LocalConnection[]): string[][] =>
  connections.map((one) => [plain(one.name), one.protocol, `${one.reach.address}:${one.reach.port}`, stateOf(one)]);

function stateOf(one: LocalConnection): string {
  if (one.state === 'requestable') return `on request${one.contact === undefined ? '' : `: ask ${plain(one.contact)}`}`;
  if (one.state === 'ready') return 'ready';
  return `not by name${one.holder === undefined ? '' : `: ${one.address}:${one.port} is held by ${plain(one.holder)}`}`;
}

const hintsOf = (connections: readonly LocalConnection[]) => [
  ...new Set(connections.flatMap((one) => (one.hint === undefined ? [] : [plain(one.hint)]))),
];

/** Each change: a live table for a person, else a document or a table a change. */
async function watch(needs: Needs, json: boolean, show: (state: State) => string): Promise<void> {
  loginOf(await needs.daemon.state());
  if (!json && needs.terminal.out) {
    const { showList } = await import('../views/live.js');
    return showList(needs);
  }
  let last = '';
  for await (const state of needs.daemon.watch()) {
    const text = show(state);
    if (text !== last) needs.out(json ? text : `${text}\n`);
    last = text;
  }
}
