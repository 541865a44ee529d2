import type { LoginAttempt } from '@hoop/contracts/local';
import { Box, render, Text } from 'ink';
import { useEffect, useState } from 'react';
import { plain } from '../table.js';

/** The wait of a login, drawn on stderr. */
export function liveLogin(): { show(attempt: LoginAttempt): void; end(): void } {
  const screen = render(<Text dimColor>asking the gateway…</Text>, { stdout: process.stderr, exitOnCtrlC: false });
  return {
    show: (attempt) => screen.rerender(<LoginWait attempt={attempt} now={Date.now} />),
    end: () => {
      screen.rerender(<Text> </Text>);
      screen.unmount();
    },
  };
}

const SAYS: Record<LoginAttempt['phase'], string> = {
  discovering: 'asking the gateway…',
  browser: 'log in in your browser; if it did not open, go to',
  device: 'in a browser on any device, go to',
  'waiting-for-unlock': 'unlock your keychain…',
  certifying: 'getting the certificate…',
  failed: '',
};

export function LoginWait({ attempt, now }: { attempt: LoginAttempt; now: () => number }) {
  const left = useCountdown(attempt.expiresAt, now);
  return (
    <Box flexDirection="column">
      <Text>{SAYS[attempt.phase]}</Text>
      {attempt.url !== undefined && asksForBrowser(attempt) && <Text color="cyan">{plain(attempt.url)}</Text>}
      {attempt.userCode !== undefined && asksForBrowser(attempt) && (
        <Text>
          and enter <Text bold>{plain(attempt.userCode)}</Text>
        </Text>
      )}
      {left !== undefined && asksForBrowser(attempt) && <Text dimColor>{left} left, Ctrl-C gives up</Text>}
    </Box>
  );
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
