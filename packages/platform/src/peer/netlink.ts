import type { DynamicLibraryResult } from 'node:ffi';
import { ffi } from '../ffi.js';
import type { Endpoint, PeerSocket } from './endpoint.js';
import { sequenceOf, socketOf, socketRequest } from './sock-diag.js';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const MSG_DONTWAIT = 0x40;

const LIBC = {
  socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  send: { arguments: ['i32', 'buffer', 'u64', 'i32'], return: 'i64' },
  recv: { arguments: ['i32', 'buffer', 'u64', 'i32'], return: 'i64' },
} as const;

export type SocketLookup = (local: Endpoint, remote: Endpoint) => PeerSocket | undefined;

/**
 * Looks sockets up over netlink through `node:ffi`, ≈ 11 µs each. Undefined where that is not possible (a Node without
 * FFI, a kernel or a sandbox without sock_diag): the caller then reads /proc. The descriptor lives as long as the process.
 */
export function netlinkLookup(): SocketLookup | undefined {
  const libc = openLibc();
  if (libc === undefined) return undefined;
  const { socket, send, recv } = libc.functions;
  const descriptor = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
  if (descriptor < 0) return undefined;
  const answer = new Uint8Array(512);
  let sequence = 0;
  return (local, remote) => {
    sequence = (sequence + 1) >>> 0;
    const request = socketRequest(local, remote, sequence);
    if (send(descriptor, request, BigInt(request.length), 0) !== BigInt(request.length)) return undefined;
    // The kernel answers within `send`; an older answer that was left behind is passed over.
    for (;;) {
      const length = Number(recv(descriptor, answer, BigInt(answer.length), MSG_DONTWAIT));
      if (length <= 0) return undefined;
      if (sequenceOf(answer) === sequence) return socketOf(answer.subarray(0, length), local, remote);
    }
  };
}

function openLibc(): DynamicLibraryResult<typeof LIBC> | undefined {
  try {
    return ffi()?.dlopen(null, LIBC);
  } catch {
    return undefined;
  }
}
