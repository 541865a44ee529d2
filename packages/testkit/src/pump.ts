import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

/**
 * The bare Node pump that scripts/bench compares with: what two Node processes with mutual TLS between them cost, and
 * nothing else. `pump.js client|server KEY CERTIFICATE CA TARGET-PORT`; prints the port it listens on.
 */
const [role = '', key = '', cert = '', ca = '', target = ''] = process.argv.slice(2);
const secret = {
  key: readFileSync(key),
  cert: readFileSync(cert),
  ca: readFileSync(ca),
  minVersion: 'TLSv1.3' as const,
};

function join(from: net.Socket, to: net.Socket): void {
  from.setNoDelay(true);
  to.setNoDelay(true);
  from.pipe(to);
  to.pipe(from);
  for (const [one, other] of [[from, to] as const, [to, from] as const]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

const server =
  role === 'client'
    ? net.createServer({ allowHalfOpen: true }, (local) => {
        join(local, tls.connect({ ...secret, host: '127.0.0.1', port: Number(target), servername: 'localhost' }));
      })
    : tls.createServer({ ...secret, requestCert: true, rejectUnauthorized: true }, (link) => {
        join(link, net.connect({ host: '127.0.0.1', port: Number(target), allowHalfOpen: true }));
      });

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as net.AddressInfo).port}\n`);
});
