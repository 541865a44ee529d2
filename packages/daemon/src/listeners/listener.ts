import { createServer, type Server, type Socket } from 'node:net';
import { type Endpoint, endpoint, type PeerLookup, type PeerSocket } from '@hoop/platform';

export interface ListenerOptions {
  /** Whose programs may connect. */
  owner: number;
  peerOf: PeerLookup;
  /** A connection of the owner's, paused: not a byte has been read. */
  accepted(socket: Socket, peer: PeerSocket): void;
  /** A connection of somebody else's, or of somebody that cannot be told: it was reset. */
  turnedAway(): void;
  /** Where the peer's own socket says that it is connected to, if that is not here. */
  asked?: Endpoint;
}

/** A bound address, or why it could not be bound (an errno name). */
export type Bound = { server: Pick<Server, 'listening' | 'close'> } | { failed: string };

/**
 * Listens on exactly one address and port. Each connection's owner is looked up before a byte is read from it or written
 * to it, and anyone but the owner is reset: a port on loopback is open to every user of the machine.
 */
export function listen(where: Endpoint, options: ListenerOptions): Promise<Bound> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    const peer = ownersSocket(socket, options);
    if (peer !== undefined) return options.accepted(socket, peer);
    socket.resetAndDestroy();
    options.turnedAway();
  });
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ failed: error.code ?? 'EUNKNOWN' }));
    server.listen({ host: where.address, port: where.port, exclusive: true }, () => {
      server.removeAllListeners('error');
      // Out of descriptors: the connection waits in the backlog; nothing else is to be done here.
      server.on('error', () => {});
      resolve({ server });
    });
  });
}

/** What is at the other end, if that is the owner's. Before a byte of it is read. */
export function ownersSocket(
  socket: Socket,
  options: Pick<ListenerOptions, 'owner' | 'peerOf' | 'asked'>,
): PeerSocket | undefined {
  const here = endpoint(socket.localAddress, socket.localPort);
  const there = endpoint(socket.remoteAddress, socket.remotePort);
  if (here === undefined || there === undefined) return undefined;
  const { asked, peerOf } = options;
  const peer = asked === undefined ? peerOf(here, there) : peerOf(asked, there, here);
  return peer?.uid === options.owner ? peer : undefined;
}
