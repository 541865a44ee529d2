import { randomBytes, timingSafeEqual } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type Endpoint, REDIRECTED_PORT } from '@hoop/platform';
import { type Bound, type ListenerOptions, listen } from './listener.js';

/** For a connection to our own machine. Milliseconds. */
const PATIENCE = 1_000;

/**
 * Listens where set-up leads an address and port, beside them: `direct` is what came of binding them. While they are
 * ours, either way is good, whether the kernel redirects by now or not. Else the redirection is all there is, and is seen
 * by trying: a connection of our own, and what it says, that arrive here. Who is connected is looked up by the port that
 * they asked for, and who asked for the one behind it is nobody, so that none gets in by the other one.
 */
export async function listenRedirected(asked: Endpoint, direct: Bound, options: ListenerOptions): Promise<Bound> {
  const { promise: arrived, resolve: tell } = Promise.withResolvers<boolean>();
  const nonce = randomBytes(16);
  let trial: Socket | undefined;
  const accepted: ListenerOptions['accepted'] = (socket, peer) => {
    if (trial === undefined || socket.remotePort !== trial.localPort) return options.accepted(socket, peer);
    void says(socket, nonce).then(tell);
  };
  const where = { address: asked.address, port: REDIRECTED_PORT };
  const behind = await listen(where, { ...options, accepted, asked });
  if ('failed' in behind) return direct;
  if ('server' in direct) return both(direct.server, behind.server);
  trial = connect({ host: asked.address, port: asked.port });
  trial
    .once('error', () => tell(false))
    .once('end', () => tell(false))
    .resume()
    .write(nonce);
  const late = setTimeout(tell, PATIENCE, false);
  const isOurs = await arrived;
  clearTimeout(late);
  trial.destroy();
  trial = undefined;
  if (isOurs) return behind;
  behind.server.close();
  return direct;
}

/** Whether these bytes, and no others, are the first that come. */
async function says(socket: Socket, bytes: Buffer): Promise<boolean> {
  const first = await new Promise<Buffer>((came) => {
    socket.once('readable', () => came(socket.read() ?? Buffer.alloc(0)));
    socket.once('close', () => came(Buffer.alloc(0)));
  });
  socket.destroy();
  return first.length === bytes.length && timingSafeEqual(first, bytes);
}

type Listening = Extract<Bound, { server: unknown }>['server'];

const both = (direct: Listening, behind: Listening): Bound => ({
  server: {
    get listening() {
      return direct.listening;
    },
    close: (then) => {
      behind.close();
      return direct.close(then);
    },
  } as Listening,
});
