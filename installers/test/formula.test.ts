import { expect, test } from 'vitest';
import { formula } from '../lib/formula.ts';

const archive = (machine: string) => ({ machine, url: `https://x.example/${machine}.tar.gz`, sha256: machine });
const made = (...machines: string[]) =>
  formula({ version: '1.2.3', homepage: 'https://x.example', archives: machines.map(archive) });

test('a machine has its archive, and one without has no block', () => {
  const text = made('darwin-arm64', 'linux-x64');
  expect(text).toMatch(
    /on_macos do\n {4}on_arm do\n {6}url "https:\/\/x\.example\/darwin-arm64\.tar\.gz"\n {6}sha256 "darwin-arm64"/,
  );
  expect(text).toMatch(/on_linux do\n {4}on_intel do\n/);
  expect(text.match(/on_(arm|intel)/g)).toEqual(['on_arm', 'on_intel']);
});

test('libsecret is what Linux needs', () => {
  expect(made('linux-x64')).toContain('depends_on "libsecret"');
  expect(made('darwin-x64', 'darwin-arm64')).not.toContain('depends_on');
});
