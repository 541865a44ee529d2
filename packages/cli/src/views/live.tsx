import type { State } from '@hoop/contracts/local';
import { render, Text } from 'ink';
import type { ReactNode } from 'react';
import type { Needs } from '../command.js';
import { rowsOf } from '../commands/ls.js';
import { statusRows } from '../commands/status.js';
import { Columns } from './frame.js';

/** Redraws on each change until Ctrl-C, which is how one leaves: exit 0. */
async function live(needs: Needs, draw: (state: State) => ReactNode): Promise<void> {
  const screen = render(<Text dimColor>…</Text>, { exitOnCtrlC: false });
  const { promise: left, resolve } = Promise.withResolvers<undefined>();
  const off = needs.onInterrupt(() => resolve(undefined));
  const watch = needs.daemon.watch();
  try {
    for (;;) {
      const next = await Promise.race([watch.next(), left]);
      if (next === undefined || next.done === true) return;
      screen.rerender(draw(next.value));
    }
  } finally {
    off();
    screen.unmount();
  }
}

const leave = <Text dimColor>Ctrl-C leaves</Text>;

export const showList = (needs: Needs) =>
  live(needs, ({ connections }) => (
    <>
      {connections.length === 0 ? <Text>no connection is open to you</Text> : <Columns rows={rowsOf(connections)} />}
      {leave}
    </>
  ));

export const showStatus = (needs: Needs) =>
  live(needs, (state) => (
    <>
      <Columns rows={statusRows(state, needs.now())} />
      {leave}
    </>
  ));
