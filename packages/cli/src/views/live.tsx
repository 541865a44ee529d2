import type { State } from '@hoop/contracts/local';
import { render, Text } from 'ink';
import type { ReactNode } from 'react';
import type { Needs } from '../command.js';
import { HEADINGS, NONE, remarksOn, rowsOf, troublesOf } from '../commands/ls.js';
import { statusRows } from '../commands/status.js';
import { follow } from '../follow.js';
import { someLogin } from '../settle.js';
import { Columns } from './frame.js';

/** Redraws on each change; leaves no frame of its own behind an error. */
async function live(needs: Needs, draw: (state: State) => ReactNode): Promise<number> {
  const screen = render(<Text dimColor>…</Text>, { exitOnCtrlC: false });
  try {
    return await follow(needs, (state) => screen.rerender(draw(state)));
  } finally {
    screen.unmount();
    // The terminal has written ^C where the prompt comes.
    needs.out('\r\u001b[K');
  }
}

const leave = <Text dimColor>Ctrl-C leaves</Text>;

export const showList = (needs: Needs) =>
  live(needs, (state) => {
    someLogin(state);
    const { connections } = state;
    return (
      <>
        {connections.length === 0 ? <Text>{NONE}</Text> : <Columns rows={[HEADINGS, ...rowsOf(connections)]} />}
        {[...remarksOn(connections), ...troublesOf(state)].map((line) => (
          <Text key={line}>{line}</Text>
        ))}
        {leave}
      </>
    );
  });

/** `whole`: with what hoopd does not know of. */
export const showStatus = (needs: Needs, whole: (state: State) => State) =>
  live(needs, (state) => (
    <>
      <Columns rows={statusRows(whole(state), needs.now())} />
      {leave}
    </>
  ));
