import type { Endpoint, PeerSocket } from './endpoint.js';

/** The TCP sockets of this machine, by their two ends. */
export interface Sockets {
  /** The one that a process holds; an orphan is nobody's. */
  find(local: Endpoint, remote: Endpoint): PeerSocket | undefined;
  /** Whether there is one, whatever state it is in and whoever's it is; undefined where that is not told. */
  has(local: Endpoint, remote: Endpoint): boolean | undefined;
}

/**
 * A kernel without tcp_diag says the same as one that has no such socket. So until the first way has found one, what it
 * does not find is looked for by the other.
 */
export function provenOr(first: Sockets, other: Sockets): Sockets {
  let proven = false;
  return {
    find: (local, remote) => {
      const found = first.find(local, remote);
      proven ||= found !== undefined;
      return proven ? found : other.find(local, remote);
    },
    has: (local, remote) => {
      const found = first.has(local, remote);
      proven ||= found === true;
      return proven ? found : other.has(local, remote);
    },
  };
}
