import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Endpoint,
  type Environment,
  endpoint,
  environment,
  holderOf,
  type PeerLookup,
  ProgramFinder,
  peerLookup,
} from '../src/index.js';
import { peersAmong } from '../src/peer/index.js';
import { findSocket, parseProcNet } from '../src/peer/proc-net.js';
import { sequenceOf, socketOf, socketRequest } from '../src/peer/sock-diag.js';
import { provenOr, type Sockets } from '../src/peer/sockets.js';

const linux = process.platform === 'linux';
const machine = environment();
const open: net.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function connected(to: string): Promise<{ accepted: net.Socket; client: net.Socket }> {
  const server = net.createServer();
  open.push(server);
  server.listen(0, '127.77.250.9');
  await once(server, 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port, to);
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  return { accepted, client };
}

function ends(socket: net.Socket) {
  const here = endpoint(socket.localAddress, socket.localPort)!;
  const there = endpoint(socket.remoteAddress, socket.remotePort)!;
  return { here, there };
}

describe.runIf(linux).each(['best', 'proc'] as const)('who is at the other end (%s)', (way) => {
  const lookup: PeerLookup = peerLookup(machine, way);

  test.each(['127.77.250.9', '::ffff:127.77.250.9'])('a client of ours over %s', async (to) => {
    const { accepted, client } = await connected(to);
    const { here, there } = ends(accepted);
    const peer = lookup(here, there);
    expect(peer?.uid).toBe(process.getuid!());
    expect((await new ProgramFinder().find(peer!.inode))?.pid).toBe(process.pid);
    client.destroy();
    accepted.destroy();
  });

  test('many clients at once, and one that has gone', async () => {
    const pairs = await Promise.all(Array.from({ length: 40 }, () => connected('127.77.250.9')));
    const finder = new ProgramFinder();
    const inodes = pairs.map(({ accepted }) => lookup(ends(accepted).here, ends(accepted).there)!.inode);
    const found = await Promise.all([...inodes, 1, ...inodes].map((inode) => finder.find(inode)));
    expect(found.map((one) => one?.pid)).toEqual([...inodes, undefined, ...inodes].map((one) => one && process.pid));
    for (const { accepted, client } of pairs) {
      client.destroy();
      accepted.destroy();
    }
  });

  test('a connection that is not, is nobody’s, even where somebody listens', async () => {
    const { accepted, client } = await connected('127.77.250.9');
    const { here, there } = ends(accepted);
    expect(lookup(here, { ...there, port: 1 })).toBeUndefined();
    // The kernel would answer with the listener: it is not this connection.
    expect(lookup({ address: '127.0.0.1', port: 9 }, here)).toBeUndefined();
    client.destroy();
    accepted.destroy();
  });

  test('a client that has gone is nobody’s', async () => {
    const { accepted, client } = await connected('127.77.250.9');
    const { here, there } = ends(accepted);
    client.resetAndDestroy();
    await once(accepted, 'error');
    expect(lookup(here, there)).toBeUndefined();
  });

  test('who is led elsewhere is known; who went there by themselves, or has gone, is nobody', async () => {
    const { accepted, client } = await connected('127.77.250.9');
    const { here, there } = ends(accepted);
    const other = await connected('127.77.250.9');
    const behind = ends(other.accepted);
    // As if the kernel had led there: a socket that says so at this end, and none at the other.
    expect(lookup(here, there, here)).toBeUndefined();
    expect(lookup(here, there, behind.here)).toBeUndefined();
    for (const socket of [accepted, client, other.accepted, other.client]) socket.destroy();
  });

  test('nonsense is nobody’s', () => {
    expect(lookup({ address: 'x', port: 1 }, { address: '127.0.0.1', port: 70_000 })).toBeUndefined();
  });
});

test('where it cannot be told, nobody is let in', () => {
  const elsewhere: Environment = { ...machine, platform: 'darwin' };
  const end = { address: '127.0.0.1', port: 5432 };
  expect(peerLookup(elsewhere)(end, end)).toBeUndefined();
});

describe('a kernel that knows no sockets by netlink', () => {
  const ours = { address: '127.0.0.1', port: 40_000 };
  const there = { address: '127.77.0.3', port: 5432 };
  const behind = { ...there, port: 5378 };
  const table = (...pairs: (readonly [Endpoint, Endpoint])[]): Sockets & { asked: number } => {
    const has = (local: Endpoint, remote: Endpoint) => pairs.some(([a, b]) => a === local && b === remote);
    const sockets = {
      asked: 0,
      has: (local: Endpoint, remote: Endpoint) => {
        sockets.asked += 1;
        return has(local, remote);
      },
      find: (local: Endpoint, remote: Endpoint) => (has(local, remote) ? { uid: 7, inode: 1 } : undefined),
    };
    return sockets;
  };

  test('is asked by /proc, until it has known one', () => {
    const proc = table([ours, there]);
    expect(peersAmong(provenOr(table(), proc))(there, ours)).toEqual({ uid: 7, inode: 1 });
    const best = peersAmong(provenOr(table([ours, there]), table([ours, behind])));
    expect(best(behind, ours)).toEqual({ uid: 7, inode: 1 });
    expect(best(there, ours)).toEqual({ uid: 7, inode: 1 });
    expect(best(behind, ours)).toBeUndefined();
  });

  test.each([
    ['led there', [[behind, ours]], { uid: 7, inode: 1 }],
    [
      'who went there',
      [
        [behind, ours],
        [ours, behind],
      ],
      undefined,
    ],
    ['who has reset it', [], undefined],
  ] as const)('%s', (_, more, expected) => {
    expect(peersAmong(table([ours, there], ...more))(there, ours, behind)).toEqual(expected);
  });

  test('what does not say lets nobody in', () => {
    const silent: Sockets = { ...table([ours, there]), has: () => undefined };
    expect(peersAmong(silent)(there, ours, behind)).toBeUndefined();
  });
});

describe('sock_diag messages', () => {
  const local = { address: '127.0.0.1', port: 40_000 };
  const remote = { address: '127.77.0.3', port: 5432 };

  test('ask for one socket by its two ends', () => {
    const request = socketRequest(local, remote, 7);
    expect(request.length).toBe(72);
    expect(sequenceOf(request)).toBe(7);
    expect(Buffer.from(request).toString('hex', 24, 28)).toBe('9c401538');
    expect([...request.subarray(28, 32)]).toEqual([127, 0, 0, 1]);
    expect([...request.subarray(44, 48)]).toEqual([127, 77, 0, 3]);
  });

  test.each([
    ['established', 1, 55, { uid: 1000, inode: 55 }],
    ['an orphan', 1, 0, undefined],
    ['a listener', 10, 55, undefined],
    ['waiting for time', 6, 55, undefined],
  ])('answer: %s', (_, state, inode, expected) => {
    const reply = Buffer.alloc(88);
    reply.writeUInt16LE(20, 4);
    reply.writeUInt8(state, 17);
    reply.writeUInt16BE(local.port, 20);
    reply.writeUInt16BE(remote.port, 22);
    reply.writeUInt32LE(1000, 80);
    reply.writeUInt32LE(inode, 84);
    expect(socketOf(reply, local, remote)).toEqual(expected);
    expect(socketOf(reply.subarray(0, 80), local, remote)).toBeUndefined();
    expect(socketOf(reply, { ...local, port: 1 }, remote)).toBeUndefined();
  });
});

describe('/proc/net tables', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const line = (local: string, remote: string, state: string, uid: number, inode: number) =>
    `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${uid} 0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;
  const ours = { address: '127.0.0.1', port: 40_000 };
  const listener = { address: '127.77.0.3', port: 5432 };

  test('v4 and v4-mapped peers are found', () => {
    const v4 = head + line('0100007F:9C40', '03004D7F:1538', '01', 1000, 5);
    const mapped =
      head + line('0000000000000000FFFF00000100007F:9C40', '0000000000000000FFFF000003004D7F:1538', '01', 1001, 6);
    expect(findSocket(parseProcNet(v4), ours, listener)).toEqual({ uid: 1000, inode: 5 });
    expect(findSocket(parseProcNet(mapped), ours, listener)).toEqual({ uid: 1001, inode: 6 });
  });

  test('two candidates are one too many; an orphan is none', () => {
    const one = line('0100007F:9C40', '03004D7F:1538', '01', 1000, 5);
    expect(findSocket(parseProcNet(head + one + one), ours, listener)).toBeUndefined();
    const orphan = line('0100007F:9C40', '03004D7F:1538', '01', 0, 0);
    expect(findSocket(parseProcNet(head + orphan), ours, listener)).toBeUndefined();
  });

  test('other v6 addresses and broken lines are passed over', () => {
    const v6 = line('B80D0120000000000000000001000000:9C40', 'B80D0120000000000000000002000000:1538', '01', 1, 1);
    expect(parseProcNet(`${head}${v6}nonsense\n\n`)).toEqual([]);
  });
});

test.runIf(linux)('a port that somebody holds on every address is traced to the program', async () => {
  const server = net.createServer();
  open.push(server);
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const holder = await holderOf(machine, '127.77.250.9', port);
  expect(holder).toMatchObject({ address: '0.0.0.0', pid: process.pid, uid: process.getuid!() });
  expect(await holderOf(machine, '127.77.250.9', 1)).toBeUndefined();
});
