/** One end of a loopback TCP connection; `address` is dotted IPv4 (a v4-mapped form is unwrapped by `endpoint`). */
export interface Endpoint {
  address: string;
  port: number;
}

/** The peer's socket: who owns it and which it is. `inode` leads to its process. */
export interface PeerSocket {
  uid: number;
  inode: number;
}

/** Node says `::ffff:127.0.0.1` where a v6 socket took a v4 connection. */
export function endpoint(address: string | undefined, port: number | undefined): Endpoint | undefined {
  if (address === undefined || port === undefined) return undefined;
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return octets(plain) === undefined ? undefined : { address: plain, port };
}

export function octets(address: string): [number, number, number, number] | undefined {
  const parts = address.split('.').map(Number);
  const valid = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
  return valid ? (parts as [number, number, number, number]) : undefined;
}

export const isEndpoint = (end: Endpoint) => octets(end.address) !== undefined && end.port > 0 && end.port < 65_536;
