import { ffi } from '../ffi.js';

/** poll(2): POLLERR on the writing end of a pipe without readers, POLLHUP on one of a socket that is closed. */
const GONE = 0x08 | 0x10;

/**
 * Tells whether a pipe or socket that this program writes to is still read, which a program that only waits would not learn
 * by writing. Where the system cannot be asked (node:ffi), the answer is always that it is read.
 */
export function unreadWatch(descriptor: number): () => boolean {
  try {
    const poll = ffi()?.dlopen(null, { poll: { arguments: ['buffer', 'u64', 'i32'], return: 'i32' } }).functions.poll;
    if (poll === undefined) return () => false;
    // struct pollfd: int fd, short events (none: errors are told unasked), short revents.
    const asked = new DataView(new ArrayBuffer(8));
    asked.setInt32(0, descriptor, true);
    return () => Number(poll(new Uint8Array(asked.buffer), 1n, 0)) > 0 && (asked.getInt16(6, true) & GONE) !== 0;
  } catch {
    return () => false;
  }
}
