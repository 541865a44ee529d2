import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { WireConnection } from '@hoop/contracts/gateway';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { echo, TestGateway } from './support/gateway.js';
import { dial, freePort, type Laptop, laptop, readAll } from './support/laptop.js';

/** A real other OS user on our listener; needs root to become one. */
const root = process.getuid?.() === 0;
if (!root && process.env.CI === 'true') throw new Error('needs root: a real other OS user is the proof');
if (!root) console.warn('skip other OS user: not root');

let gateway: TestGateway;
let on: Laptop;
beforeEach(async () => {
  gateway = await new TestGateway(echo).start();
  const raw: WireConnection = { name: 'raw', protocol: 'tcp', port: await freePort(), state: 'granted' };
  gateway.connections = [raw];
  on = await laptop({ gateway });
});
afterEach(async () => {
  await on[Symbol.asyncDispose]();
  await gateway.stop();
});

/** What `nobody` hears on the connection's address: bash's own /dev/tcp, so that nothing of ours takes part. */
async function asNobody(address: string, port: number): Promise<{ code: number | null; heard: string }> {
  const script = `exec 3<>/dev/tcp/${address}/${port} && { echo stolen >&3; timeout 5 cat <&3; }`;
  const child = spawn('setpriv', ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', 'bash', '-c', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let heard = '';
  child.stdout.on('data', (chunk: Buffer) => {
    heard += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, heard };
}

describe.runIf(root)('another OS user', () => {
  test('is reset on every try: no byte to it, none at the gateway; the owner goes on', async () => {
    const state = await on.until(({ connections }) => connections.length === 1);
    const { address, port } = state.connections[0]!.reach;
    const tries = await Promise.all(Array.from({ length: 20 }, () => asNobody(address, port)));
    for (const { code, heard } of tries) {
      expect(heard).toBe('');
      expect(code).not.toBe(0);
    }
    expect(gateway.heads.filter((head) => head.kind === 'flow')).toEqual([]);
    expect(on.daemon.state().refused.peers).toBe(20);
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    client.end('mine');
    expect(await answer).toBe('mine');
  });

  test('over a v4-mapped address, as Java connects, the owner is known too', async () => {
    const state = await on.until(({ connections }) => connections.length === 1);
    const { address, port } = state.connections[0]!.reach;
    const mapped = await asNobody(`::ffff:${address}`, port);
    expect(mapped.heard).toBe('');
    await on.until(({ refused }) => refused.peers === 1);
  });
});
