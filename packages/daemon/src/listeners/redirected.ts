import { connect, type Socket } from 'node:net';
import { type Endpoint, REDIRECTED_PORT } from '@hoop/platform';
import { type Bound, type ListenerOptions, listen } from './listener.js';

/** For a connection to our own machine. Milliseconds. */
const PATIENCE = 1_000;

/**
 * Listens where set-up leads an address and port, beside them: `direct` is what came of binding them. While they are
 * ours, either way is good, whether the kernel redirects by now or not. Else the redirection is all there is, and is seen
 * by trying: a connection of our own that arrives here. Who is connected is looked up by the port that they asked for, so
 * that nobody gets in by the other one.
 */
export async function listenRedirected(asked: Endpoint, direct: Bound, options: ListenerOptions): Promise<Bound> {
  const { promise: arrived, resolve: tell } = Promise.withResolvers<boolean>();
  let trial: Socket | undefined;
  const accepted: ListenerOptions['accepted'] = (socket, peer) => {
    if (trial === undefined || socket.remotePort !== trial.localPort) return options.accepted(socket, peer);
    socket.destroy();
    tell(true);
  };
  const where = { address: asked.address, port: REDIRECTED_PORT };
  const behind = await listen(where, { ...options, accepted, asked });
  if ('failed' in behind) return direct;
  if ('server' in direct) return both(direct.server, behind.server);
  trial = connect({ host: asked.address, port: asked.port });
  trial
    .once('error', () => tell(false))
    .once('end', () => tell(false))
    .resume();
  const late = setTimeout(tell, PATIENCE, false);
  const isOurs = await arrived;
  clearTimeout(late);
  trial.destroy();
  trial = undefined;
  if (isOurs) return behind;
  behind.server.close();
  return direct;
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
