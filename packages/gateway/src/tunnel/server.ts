import { constants } from 'node:crypto';
import type { Server as NetServer, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { ALPN } from '@hoop/contracts/uplink';
import { UserError } from '@hoop/core';

const HANDSHAKE = 5_000;

export interface ServerOptions {
  cert: string;
  key: string;
  /** The CA of client certificates. */
  clientCa: string;
  limits: { connections: number; perAddress: number };
  tunnel(socket: TLSSocket): void;
  api(socket: TLSSocket): void;
}

/**
 * The one port. TLS 1.3 only; the ALPN says whether it is a laptop's uplink or the API. No session tickets: a resumed
 * session would keep an identity past its certificate (design §5).
 */
export function tlsServer(options: ServerOptions): Server {
  const server = createServer({
    cert: options.cert,
    key: options.key,
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [ALPN, 'http/1.1'],
    handshakeTimeout: HANDSHAKE,
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  server.maxConnections = options.limits.connections;
  capPerAddress(server, options.limits.perAddress);
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === ALPN) options.tunnel(socket);
    else options.api(socket);
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

/** One address may not take all connections, nor stall all handshakes. */
function capPerAddress(server: Server, limit: number): void {
  const open = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    if (count > limit) socket.destroy();
  });
}

/** Resolves with the port once it listens; rejects with a `UserError` that names what is in the way. */
export function listen(server: NetServer, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

const WHY: Record<string, string> = {
  EADDRINUSE: 'another program holds it',
  EACCES: 'this user may not bind it',
  EADDRNOTAVAIL: 'this machine does not have the address',
};

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): UserError {
  const why = WHY[error.code ?? ''] ?? error.message;
  const hint = 'choose another listen.port in gateway.yaml, or end what holds it (ss -ltnp shows it)';
  return new UserError('listen', `cannot listen on ${host}:${port}: ${why}`, { hint, cause: error });
}
