import type { DynamicLibraryResult } from 'node:ffi';
import { ffi } from '../ffi.js';
import type { Endpoint } from './endpoint.js';
import { isAbsence, isOf, sequenceOf, socketOf, socketRequest } from './sock-diag.js';
import type { Sockets } from './sockets.js';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const MSG_DONTWAIT = 0x40;

const LIBC = {
  socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  send: { arguments: ['i32', 'buffer', 'u64', 'i32'], return: 'i64' },
  recv: { arguments: ['i32', 'buffer', 'u64', 'i32'], return: 'i64' },
} as const;

/**
 * Looks sockets up over netlink through `node:ffi`, ≈ 11 µs each. Undefined where that is not possible (a Node without
 * FFI, a sandbox without netlink): the caller then reads /proc. The descriptor lives as long as the process.
 */
export function netlinkSockets(): Sockets | undefined {
  const libc = openLibc();
  if (libc === undefined) return undefined;
  const { socket, send, recv } = libc.functions;
  const descriptor = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
  if (descriptor < 0) return undefined;
  const answer = new Uint8Array(512);
  let sequence = 0;
  const reply = (local: Endpoint, remote: Endpoint): Uint8Array | undefined => {
    sequence = (sequence + 1) >>> 0;
    const request = socketRequest(local, remote, sequence);
    if (send(descriptor, request, BigInt(request.length), 0) !== BigInt(request.length)) return undefined;
    // The kernel answers within `send`; an older answer that was left behind is passed over.
    for (;;) {
      const length = Number(recv(descriptor, answer, BigInt(answer.length), MSG_DONTWAIT));
      if (length <= 0) return undefined;
      if (sequenceOf(answer) === sequence) return answer.subarray(0, length);
    }
  };
  return {
    find: (local, remote) => {
      const told = reply(local, remote);
      return told && socketOf(told, local, remote);
    },
    has: (local, remote) => {
      const told = reply(local, remote);
      if (told === undefined) return undefined;
      return isOf(told, local, remote) || (isAbsence(told) ? false : undefined);
    },
  };
}

function openLibc(): DynamicLibraryResult<typeof LIBC> | undefined {
  try {
    return ffi()?.dlopen(null, LIBC);
  } catch {
    return undefined;
  }
}
