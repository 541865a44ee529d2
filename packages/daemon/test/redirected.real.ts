import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { environment, peerLookup, REDIRECTED_PORT } from '@hoop/platform';
import { afterEach, describe, expect, test } from 'vitest';
import { type ListenerOptions, listen } from '../src/listeners/listener.js';
import { listenRedirected } from '../src/listeners/redirected.js';

/** Another OS user, and the port behind a redirection; needs root to become one. */
const root = process.getuid?.() === 0;
if (!root && process.env.CI === 'true') throw new Error('needs root: a real other OS user is the proof');
if (!root) console.warn('skip another OS user behind a redirection: not root');

const open: (Pick<Server, 'close'> | { close(): void })[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** ip(7): IP_LOCAL_PORT_RANGE, with a range of one port. */
const FROM = `
import socket, struct, sys, time
def dial(port, to, end):
    v6 = ':' in to
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
    s.setsockopt(0, 51, struct.pack('I', port << 16 | port))
    s.connect((to, ${REDIRECTED_PORT}))
    try: s.sendall(b'stolen')
    except ConnectionResetError: pass
    if end == 'reset': s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    if end != 'stays': s.close()
    return s
`;
const asNobody = (script: string, ...args: string[]): [string, string[]] => [
  'setpriv',
  ['--reuid=nobody', '--regid=nogroup', '--clear-groups', '/usr/bin/python3', '-c', FROM + script, ...args],
];

/** What an owner's listener takes, by what each says first. */
function options() {
  const accepted: Socket[] = [];
  let turnedAway = 0;
  const of: ListenerOptions = {
    owner: process.getuid?.() ?? -1,
    peerOf: peerLookup(environment()),
    accepted: (socket) => accepted.push(socket),
    turnedAway: () => (turnedAway += 1),
  };
  const until = async (count: number) => {
    while (accepted.length + turnedAway < count) await new Promise(setImmediate);
    return [accepted.length, turnedAway];
  };
  return { of, until };
}

describe.runIf(root)('another OS user', () => {
  test.each([
    ['stays', ''],
    ['has gone', ''],
    ['reset', ''],
    ['stays', '::ffff:'],
  ])('from the port of a connection of the owner’s is nobody behind it (%s) %s', async (end, mapped) => {
    const asked = { address: '127.77.255.12', port: 20_812 };
    const { of, until } = options();
    const bound = await listenRedirected(asked, await listen(asked, of), of);
    if (!('server' in bound)) throw new Error(bound.failed);
    open.push(bound.server);
    const client = connect(asked.port, asked.address);
    open.push({ close: () => client.destroy() });
    await once(client, 'connect');
    expect(await until(1)).toEqual([1, 0]);
    // Connected and gone before hoopd has a look.
    const script = `s = dial(int(sys.argv[1]), sys.argv[2], sys.argv[3])\nif sys.argv[3] == 'stays': print(); sys.stdout.close(); time.sleep(5)`;
    const [program, args] = asNobody(script, String(client.localPort), mapped + asked.address, end);
    if (end === 'stays') {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      open.push({ close: () => child.kill() });
      await once(child.stdout!, 'data');
    } else expect(spawnSync(program, args, { encoding: 'utf8' }).stderr).toBe('');
    expect(await until(2)).toEqual([1, 1]);
  });

  test('who holds the port, and leads the trial on, is not believed to be the kernel', async () => {
    const asked = { address: '127.77.255.13', port: 20_813 };
    const script = `
l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(('${asked.address}', ${asked.port})); l.listen(1); print('held', flush=True)
c, a = l.accept()
s = dial(a[1], '${asked.address}', 'stays'); s.sendall(c.recv(99)); time.sleep(5)`;
    const [program, args] = asNobody(script);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    open.push({ close: () => child.kill() });
    await once(child.stdout!, 'data');
    const { of, until } = options();
    const held = { failed: 'EADDRINUSE' };
    expect(await listenRedirected(asked, held, of)).toEqual(held);
    expect(await until(1)).toEqual([0, 1]);
  });
});
