import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { type Endpoint, REDIRECTED_PORT } from '@hoop/platform';
import { afterEach, expect, test } from 'vitest';
import { type ListenerOptions, listen } from '../src/listeners/listener.js';
import { listenRedirected } from '../src/listeners/redirected.js';

const HELD = { failed: 'EADDRINUSE' };
const open: Pick<Server, 'close'>[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A listener's options, where `uid` is whoever connects. */
function options(uid: number) {
  const asked: Endpoint[] = [];
  const accepted: number[] = [];
  const turnedAway: number[] = [];
  const of: ListenerOptions = {
    owner: 7,
    peerOf: (here) => {
      asked.push(here);
      return { uid: asked.length === 1 ? 7 : uid, inode: 1 };
    },
    accepted: (socket) => {
      accepted.push(socket.remotePort ?? 0);
      socket.end('in');
    },
    turnedAway: () => turnedAway.push(1),
  };
  return { of, asked, accepted, turnedAway };
}

test('where the port leads to somebody else, nothing is listened for', async () => {
  const holder = createServer((socket) => socket.end());
  open.push(holder);
  holder.listen(0, '127.77.255.9');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const { of, asked } = options(7);
  expect(await listenRedirected({ address: '127.77.255.9', port }, HELD, of)).toEqual(HELD);
  expect(asked).toEqual([]);
  const free = createServer().listen(REDIRECTED_PORT, '127.77.255.9');
  open.push(free);
  await once(free, 'listening');
});

test.each([
  ['the owner', 7, 1, 0],
  ['anybody else', 8, 0, 1],
])(
  'where it leads here, the trial is no client; %s is looked up by the port that was asked for',
  async (_, uid, ins, outs) => {
    // As after the kernel's redirection: what was asked for arrives here.
    const where = { address: '127.77.255.10', port: REDIRECTED_PORT };
    const { of, asked, accepted, turnedAway } = options(uid);
    const bound = await listenRedirected(where, HELD, of);
    if (!('server' in bound)) throw new Error(bound.failed);
    open.push(bound.server);
    expect([accepted, asked]).toEqual([[], [where]]);
    const client = connect(where.port, where.address);
    client.on('error', () => {}).resume();
    await new Promise((closed) => client.once('close', closed));
    expect([accepted.length, turnedAway.length, asked.at(-1)]).toEqual([ins, outs, where]);
  },
);

test('where the port is ours, both ways lead in, and both end', async () => {
  const asked = { address: '127.77.255.11', port: 20_811 };
  const { of, accepted } = options(7);
  const bound = await listenRedirected(asked, await listen(asked, of), of);
  if (!('server' in bound)) throw new Error(bound.failed);
  const dial = async (port: number) => {
    const client = connect(port, asked.address);
    client.on('error', () => {}).resume();
    await new Promise((closed) => client.once('close', closed));
  };
  await dial(asked.port);
  await dial(REDIRECTED_PORT);
  expect([accepted.length, bound.server.listening]).toEqual([2, true]);
  bound.server.close();
  await dial(asked.port);
  await dial(REDIRECTED_PORT);
  expect([accepted.length, bound.server.listening]).toEqual([2, false]);
});
