import type { LoginAttempt } from '@hoop/contracts/local';
import { Box, render, Text } from 'ink';
import { useEffect, useState } from 'react';
import { NO_DESKTOP } from '../attempt.js';
import { plain } from '../table.js';

/** Up to the start of the line above, and clear from there: Ink ends what it has drawn, if only nothing, with a line. */
const CLEAR = '\u001b[1A\r\u001b[J';

/** The wait of a login, drawn on stderr. */
export function liveLogin(joined = false): { show(attempt: LoginAttempt, opened: boolean): void; end(): void } {
  const screen = render(<Text dimColor>asking the gateway…</Text>, { stdout: process.stderr, exitOnCtrlC: false });
  let ended = false;
  let above: string | undefined;
  return {
    show: (attempt, opened) => {
      if (ended) return;
      const { url } = attempt;
      // What is longer than a line Ink breaks into several: such an address stands by itself, whole, to be clicked and copied.
      if (asksForBrowser(attempt) && url !== above && (url?.length ?? 0) > (process.stderr.columns ?? 80)) {
        above = url;
        screen.clear();
        process.stderr.write(`${plain(url ?? '')}\n`);
      }
      const shown = url !== undefined && url === above ? { ...attempt, url: ABOVE } : attempt;
      screen.rerender(<LoginWait attempt={shown} opened={opened} joined={joined} now={Date.now} />);
    },
    end: () => {
      if (ended) return;
      ended = true;
      screen.rerender(<Text> </Text>);
      screen.unmount();
      process.stderr.write(CLEAR);
    },
  };
}

const ABOVE = '(the address above)';
const JOINED = 'a login is under way: finish it in your browser, or go to';
const OPENED = 'log in in your browser; if it did not open, go to';
const SAYS: Record<LoginAttempt['phase'], string> = {
  discovering: 'asking the gateway…',
  browser: 'open this in a browser on this machine',
  device: 'in a browser on any device, go to',
  'waiting-for-unlock': `unlock your keychain…\n${NO_DESKTOP}`,
  certifying: 'getting the certificate…',
  failed: '',
};

interface Wait {
  attempt: LoginAttempt;
  opened: boolean;
  /** Somebody else has the page. */
  joined?: boolean;
  now: () => number;
}

export function LoginWait({ attempt, opened, joined = false, now }: Wait) {
  const left = useCountdown(attempt.expiresAt, now);
  return (
    <Box flexDirection="column">
      <Text>{saysOf(attempt, opened, joined)}</Text>
      {attempt.url !== undefined && asksForBrowser(attempt) && <Text color="cyan">{plain(attempt.url)}</Text>}
      {attempt.userCode !== undefined && asksForBrowser(attempt) && (
        <Text>
          and enter <Text bold>{plain(attempt.userCode)}</Text>
        </Text>
      )}
      {left !== undefined && asksForBrowser(attempt) && (
        <Text dimColor>{`${left} left, Ctrl-C ${joined ? 'leaves' : 'gives up'}`}</Text>
      )}
    </Box>
  );
}

function saysOf(attempt: LoginAttempt, opened: boolean, joined: boolean): string {
  if (joined && asksForBrowser(attempt)) return JOINED;
  return attempt.phase === 'browser' && opened ? OPENED : SAYS[attempt.phase];
}

const asksForBrowser = ({ phase }: LoginAttempt) => phase === 'browser' || phase === 'device';

/** `4:59`, counted down each second; undefined where there is no end. */
function useCountdown(until: number | undefined, now: () => number): string | undefined {
  const [at, setAt] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setAt(now()), 1000);
    return () => clearInterval(timer);
  }, [now]);
  if (until === undefined) return undefined;
  const seconds = Math.max(0, Math.round((until - at) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
