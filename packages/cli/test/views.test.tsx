import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { rowsOf } from '../src/commands/ls.js';
import { Columns } from '../src/views/frame.js';
import { LoginWait } from '../src/views/login.js';
import { blocked, NOW, pg } from './stage.js';

test('the wait of a login shows address, code and what is left of the time', () => {
  const attempt = {
    id: '1',
    phase: 'device' as const,
    url: 'https://idp/device',
    userCode: 'ABCD-EFGH',
    expiresAt: NOW + 299_000,
  };
  const { lastFrame, rerender, unmount } = render(<LoginWait opened={false} attempt={attempt} now={() => NOW} />);
  expect(lastFrame()).toBe(
    'in a browser on any device, go to\nhttps://idp/device\nand enter ABCD-EFGH\n4:59 left, Ctrl-C gives up',
  );
  rerender(<LoginWait opened={false} attempt={{ ...attempt, phase: 'certifying' }} now={() => NOW} />);
  expect(lastFrame()).toBe('getting the certificate…');
  unmount();
});

test('the wait says that a browser opened only where one did', () => {
  const attempt = { id: '1', phase: 'browser' as const, url: 'https://idp/' };
  const { lastFrame, rerender, unmount } = render(<LoginWait opened={false} attempt={attempt} now={() => NOW} />);
  expect(lastFrame()).toBe('open this in a browser on this machine\nhttps://idp/');
  rerender(<LoginWait opened={true} attempt={attempt} now={() => NOW} />);
  expect(lastFrame()).toBe('log in in your browser; if it did not open, go to\nhttps://idp/');
  unmount();
});

test('the wait for a login that somebody else has started says so, and ends nothing', () => {
  const attempt = { id: '1', phase: 'browser' as const, url: 'https://idp/', expiresAt: NOW + 60_000 };
  const { lastFrame, rerender, unmount } = render(
    <LoginWait opened={false} joined attempt={attempt} now={() => NOW} />,
  );
  expect(lastFrame()).toBe(
    'a login is under way: finish it in your browser, or go to\nhttps://idp/\n1:00 left, Ctrl-C leaves',
  );
  rerender(<LoginWait opened={false} joined attempt={{ ...attempt, phase: 'waiting-for-unlock' }} now={() => NOW} />);
  expect(lastFrame()).toBe('unlock your keychain…\nwithout a desktop: Ctrl-C, then hoop login --login-store memory');
  unmount();
});

test('an address cannot move the cursor', () => {
  const attempt = { id: '1', phase: 'browser' as const, url: 'https://idp/\u001b[2J' };
  const { lastFrame, unmount } = render(<LoginWait opened={false} attempt={attempt} now={() => NOW} />);
  expect(lastFrame()).not.toContain('\u001b[2J');
  unmount();
});

test('columns stand under each other', () => {
  const { lastFrame, unmount } = render(
    <Columns rows={rowsOf([pg, { ...blocked, holder: undefined } as typeof pg])} />,
  );
  expect(
    lastFrame()
      ?.split('\n')
      .map((line) => line.indexOf('postgres')),
  ).toEqual([9, 9]);
  unmount();
});
