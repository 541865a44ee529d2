import { createSocket } from 'node:dgram';

/** RFC 1035 §4.1.1's codes that our resolver uses. */
const RCODES: Record<number, string> = { 0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 5: 'REFUSED' };

export interface DnsAnswer {
  rcode: string;
  /** Of the A records. */
  addresses: string[];
}

/** Asks one server for a name's A records over UDP, once: a witness that shares no code with the resolver. */
export function askDns(server: { address: string; port: number }, name: string, limit = 2_000): Promise<DnsAnswer> {
  const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
  return new Promise<DnsAnswer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer for ${name}`)), limit);
    timer.unref();
    socket.once('error', reject);
    socket.once('message', (message) => resolve(read(message)));
    socket.send(question(name), server.port, server.address);
  }).finally(() => socket.close());
}

function question(name: string): Buffer {
  const header = Buffer.from([0x48, 0x50, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label, 'ascii')]);
  return Buffer.concat([header, Buffer.from([...labels, 0, 0, 1, 0, 1])]);
}

function read(message: Buffer): DnsAnswer {
  const rcode = RCODES[message[3]! & 15] ?? String(message[3]! & 15);
  const addresses: string[] = [];
  let at = skipName(message, 12) + 4;
  for (let n = message.readUInt16BE(6); n > 0; n--) {
    at = skipName(message, at);
    const length = message.readUInt16BE(at + 8);
    if (message.readUInt16BE(at) === 1) addresses.push([...message.subarray(at + 10, at + 14)].join('.'));
    at += 10 + length;
  }
  return { rcode, addresses };
}

/** Past a name: labels, or a pointer to some (RFC 1035 §4.1.4). */
function skipName(message: Buffer, from: number): number {
  let at = from;
  while (message[at]! > 0) {
    if (message[at]! >= 0xc0) return at + 2;
    at += 1 + message[at]!;
  }
  return at + 1;
}
