import { type Endpoint, octets, type PeerSocket } from './endpoint.js';

/**
 * One socket looked up by its two ends over NETLINK_SOCK_DIAG (sock_diag(7), linux/inet_diag.h). An AF_INET lookup also
 * finds AF_INET6 sockets that speak to a v4-mapped address. Numbers are the host's byte order, ports and addresses the
 * network's.
 */
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const NLMSG_ERROR = 2;
const ENOENT = 2;
const NLMSG_HEADER = 16;
const REQUEST = NLMSG_HEADER + 56;
const REPLY = NLMSG_HEADER + 72;
const AF_INET = 2;
const IPPROTO_TCP = 6;
const TCP_ESTABLISHED = 1;
const TCP_FIN_WAIT1 = 4;
const TCP_FIN_WAIT2 = 5;
/** Where `struct inet_diag_sockid` starts in a request and in a reply. */
const ID_IN_REQUEST = NLMSG_HEADER + 8;
const ID_IN_REPLY = NLMSG_HEADER + 4;

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The request for the socket whose local end is `local` and whose remote end is `remote`. */
export function socketRequest(local: Endpoint, remote: Endpoint, sequence: number): Uint8Array {
  const bytes = new Uint8Array(REQUEST);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST, littleEndian);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, littleEndian);
  view.setUint16(6, NLM_F_REQUEST, littleEndian);
  view.setUint32(8, sequence, littleEndian);
  view.setUint8(NLMSG_HEADER, AF_INET);
  view.setUint8(NLMSG_HEADER + 1, IPPROTO_TCP);
  view.setUint32(NLMSG_HEADER + 4, 0xffffffff, littleEndian);
  view.setUint16(ID_IN_REQUEST, local.port);
  view.setUint16(ID_IN_REQUEST + 2, remote.port);
  bytes.set(octets(local.address) ?? [], ID_IN_REQUEST + 4);
  bytes.set(octets(remote.address) ?? [], ID_IN_REQUEST + 20);
  // The interface stays 0; INET_DIAG_NOCOOKIE.
  view.setUint32(ID_IN_REQUEST + 40, 0xffffffff);
  view.setUint32(ID_IN_REQUEST + 44, 0xffffffff);
  return bytes;
}

/**
 * What the reply says of exactly that socket. The kernel falls back to a listener on the local port when there is no
 * such connection, so both ends and the state are compared; an orphan (inode 0) has lost its owner and answers nobody.
 */
export function socketOf(reply: Uint8Array, local: Endpoint, remote: Endpoint): PeerSocket | undefined {
  if (!isOf(reply, local, remote)) return undefined;
  const view = viewOf(reply);
  const state = view.getUint8(NLMSG_HEADER + 1);
  if (![TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2].includes(state)) return undefined;
  const uid = view.getUint32(NLMSG_HEADER + 64, littleEndian);
  const inode = view.getUint32(NLMSG_HEADER + 68, littleEndian);
  return inode === 0 ? undefined : { uid, inode };
}

/** Whether the reply is of a socket with these two ends. */
export function isOf(reply: Uint8Array, local: Endpoint, remote: Endpoint): boolean {
  if (reply.length < REPLY) return false;
  const view = viewOf(reply);
  if (view.getUint16(4, littleEndian) !== SOCK_DIAG_BY_FAMILY) return false;
  return view.getUint16(ID_IN_REPLY) === local.port && view.getUint16(ID_IN_REPLY + 2) === remote.port;
}

/** Whether the reply says that there is no such socket (netlink(7): an error, and its negated number). */
export const isAbsence = (reply: Uint8Array): boolean =>
  reply.length >= NLMSG_HEADER + 4 &&
  viewOf(reply).getUint16(4, littleEndian) === NLMSG_ERROR &&
  viewOf(reply).getInt32(NLMSG_HEADER, littleEndian) === -ENOENT;

const viewOf = (reply: Uint8Array) => new DataView(reply.buffer, reply.byteOffset, reply.byteLength);

/** The sequence number a reply answers. */
export function sequenceOf(reply: Uint8Array): number {
  if (reply.length < NLMSG_HEADER) return -1;
  return new DataView(reply.buffer, reply.byteOffset, reply.byteLength).getUint32(8, littleEndian);
}
