import { readFileSync } from 'node:fs';
import type { Endpoint, PeerSocket } from './endpoint.js';
import type { Sockets } from './sockets.js';

/** A line of /proc/net/tcp or tcp6 (proc(5)): addresses in hex, each 32-bit word in the host's byte order. */
export interface ProcSocket extends PeerSocket {
  local: Endpoint;
  remote: Endpoint;
  listening: boolean;
  /** Bound to every address of the machine. */
  wildcard: boolean;
}

export type Transport = 'tcp' | 'udp';

/** A listener of TCP; a socket of UDP that is connected to nobody. */
const LISTEN: readonly (string | undefined)[] = ['0A', '07'];
const ANY = '0.0.0.0';

/** Reads one table. Of tcp6, only what also speaks IPv4 is kept: v4-mapped addresses and `::`. */
export function parseProcNet(text: string): ProcSocket[] {
  return text.split('\n').slice(1).flatMap(parseLine);
}

function parseLine(line: string): ProcSocket[] {
  const fields = line.trim().split(/\s+/);
  const local = end(fields[1]);
  const remote = end(fields[2]);
  if (local === undefined || remote === undefined) return [];
  return [
    {
      local,
      remote,
      listening: LISTEN.includes(fields[3]),
      wildcard: local.address === ANY,
      uid: Number(fields[7]),
      inode: Number(fields[9]),
    },
  ];
}

/** `0100007F:1538`, or 32 hex digits where the last word is the IPv4 address of ::ffff:a.b.c.d. */
function end(text: string | undefined): Endpoint | undefined {
  const match = /^(?:([0-9A-F]{24}))?([0-9A-F]{8}):([0-9A-F]{4})$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, high, word = '', port = ''] = match;
  const mapped = high === undefined || high === MAPPED || (high === '0'.repeat(24) && word === '0'.repeat(8));
  return mapped ? { address: ipv4(word), port: Number.parseInt(port, 16) } : undefined;
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const MAPPED = littleEndian ? '0000000000000000FFFF0000' : '00000000000000000000FFFF';

function ipv4(word: string): string {
  const bytes = [0, 2, 4, 6].map((at) => Number.parseInt(word.slice(at, at + 2), 16));
  return (littleEndian ? bytes.reverse() : bytes).join('.');
}

/** Both tables of this network namespace. */
export function procNetSockets(transport: Transport = 'tcp'): ProcSocket[] {
  return ['', '6']
    .map((version) => `/proc/net/${transport}${version}`)
    .flatMap((path) => {
      try {
        return parseProcNet(readFileSync(path, 'latin1'));
      } catch {
        return [];
      }
    });
}

/** The one socket with these two ends; none if it is an orphan, or if there is more than one candidate. */
export function findSocket(sockets: readonly ProcSocket[], local: Endpoint, remote: Endpoint): PeerSocket | undefined {
  const found = sockets.filter((socket) => isBetween(socket, local, remote));
  const [only] = found;
  return found.length === 1 && only !== undefined && only.inode !== 0
    ? { uid: only.uid, inode: only.inode }
    : undefined;
}

const same = (a: Endpoint, b: Endpoint) => a.port === b.port && a.address === b.address;
const isBetween = (socket: ProcSocket, local: Endpoint, remote: Endpoint) =>
  !socket.listening && same(socket.local, local) && same(socket.remote, remote);

export const procSockets: Sockets = {
  find: (local, remote) => findSocket(procNetSockets(), local, remote),
  has: (local, remote) => procNetSockets().some((socket) => isBetween(socket, local, remote)),
};
