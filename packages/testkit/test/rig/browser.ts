import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { said as line } from '../../src/world/index.js';
import type { Target } from './attacker.js';
import { type Rig, terminated } from './rig.js';

/** Where the attacker is, as the laptop sees it. */
const OUTSIDE = '10.77.1.2';
const ALICE = 1000;
/**
 * Chromium as alice has it, in the laptop's network and with the laptop's resolver. What Chromium itself has against pages that reach
 * for loopback is off, as in a browser that has nothing.
 */
const BROWSE = `
mount --bind "$1/resolv.conf" /etc/resolv.conf
exec setpriv --reuid ${ALICE} --regid ${ALICE} --clear-groups env -i HOME="$1" PATH=/usr/bin:/bin LANG=C.UTF-8 chromium \\
  --headless=new --no-sandbox --disable-gpu --no-first-run --user-data-dir="$1/profile" --remote-debugging-port=0 \\
  --disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,LocalNetworkAccessChecksWebRTC,BlockInsecurePrivateNetworkRequests \\
  "$2" >"$1/said" 2>&1`;

export interface Attack {
  /** What no upstream may see. */
  canary: string;
  /** Of each target, in order: whether the page's name became its address. */
  rebound: boolean[];
  /** The first bytes that each connection to a port without any defence brought. */
  heard: string[];
}

/** A page of an attacker's tries all it can on each target, and on one port that takes everything. */
export async function attackedBy(rig: Rig, targets: readonly Target[]): Promise<Attack> {
  const folder = mkdtempSync(join(tmpdir(), 'hoop-chromium-'));
  chownSync(folder, ALICE, ALICE);
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.53\n');
  const canary = `canary${randomBytes(6).toString('hex')}`;
  const open: Target = { host: '127.0.0.1', address: '127.0.0.1', port: 7070 };
  const all = [...targets, open];
  const heard: string[] = [];
  const program = (name: string) => [process.execPath, join(import.meta.dirname, name)];
  const hearing = rig.beside('laptop', [...program('heard.ts'), open.address, String(open.port)]);
  hearing.stdout?.on('data', (text) =>
    heard.push(
      ...String(text)
        .split('\n')
        .filter((one) => one.startsWith('"')),
    ),
  );
  const attacker = rig.beside('outside', [...program('attacker.ts'), OUTSIDE, canary, JSON.stringify(all)]);
  const rebound: boolean[] = [];
  const done = new Promise<void>((resolve) => {
    let text = '';
    attacker.stdout?.on('data', (chunk) => {
      text += chunk;
      const frames = text
        .split('\n')
        .filter((one) => one.startsWith('{'))
        .map((one) => JSON.parse(one) as { n: string; rebound: string });
      for (const frame of frames) rebound[Number(frame.n)] = frame.rebound === 'true';
      if (frames.length === all.length) resolve();
    });
  });
  await Promise.all([line(hearing, /ready/, 'the open port'), line(attacker, /ready/, 'the attacker')]);
  const unshared = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', BROWSE];
  const browser = rig.beside('laptop', [...unshared, 'sh', folder, `http://${OUTSIDE}:8000/`]);
  const late = AbortSignal.timeout(150_000);
  try {
    await Promise.race([
      done,
      new Promise((_, reject) =>
        late.addEventListener('abort', () =>
          reject(new Error(`the page got only as far as ${JSON.stringify(rebound)}`)),
        ),
      ),
    ]);
    return {
      canary,
      rebound: all.map((_, n) => rebound[n] ?? false),
      heard: heard.map((one) => JSON.parse(one) as string),
    };
  } finally {
    await Promise.all([browser, attacker, hearing].map(terminated));
    rmSync(folder, { recursive: true, force: true });
  }
}
