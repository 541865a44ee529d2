import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { STAFF } from '../src/idp/people.js';
import { json, listed, logIn } from '../src/story/index.js';
import { found, type Laptop, World } from '../src/world/index.js';

/** What the requests of a page in a browser come to at a connection that hoop does not know the protocol of. */

const root = join(import.meta.dirname, '../../..');
const at = mkdtempSync(join(tmpdir(), 'hg-'));
let world: World;
let alice: Laptop;
let web: Awaited<ReturnType<typeof listed>>;
let mail: typeof web;
let heard = '';

const servers: Server[] = [];
async function serve(serving: (socket: Socket) => void): Promise<object> {
  const server = createServer((socket) => serving(socket.on('error', () => {})));
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { protocol: 'tcp', host: '127.0.0.1', port, listen: port, tls: { mode: 'disable' } };
}

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  const { company } = world;
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  const hear = (socket: Socket) =>
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      socket.write(answer);
    });
  company.more = {
    web: await serve(hear),
    mail: await serve((socket) => {
      socket.write('220 mail\r\n');
      hear(socket);
    }),
  };
  await company.startIdp();
  await company.startPostgres();
  await company.startGateway();
  await world.setUpLaptops(STAFF.slice(0, 1));
  alice = world.laptop('alice');
  await logIn({ root, world, skipped: [] }, 'alice');
  [web, mail] = await Promise.all([listed(alice, 'web'), listed(alice, 'mail')]);
}, 120_000);
afterAll(async () => {
  for (const server of servers) server.close();
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

const refused = async () =>
  (await json<{ refused: { protocol: number } }>(alice.hoop('status', '--json'))).refused.protocol;
/** As the person's programs resolve the name, where set-up has not been run. */
const curl = (host: string, ...more: string[]) => {
  const { address, port } = web.reach;
  const url = more.includes('--insecure') ? `https://${host}:${port}/` : `http://${host}:${port}/`;
  return alice.run(['curl', '-sS', '-m', '20', '--resolve', `${host}:${port}:${address}`, ...more, url]);
};
const AGENT = ['-A', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0'];

const asksByCurl = () =>
  beforeEach((context) => {
    if (!found('curl')) context.skip('curl: not installed; sudo apt install curl');
  });

describe('a page', () => {
  asksByCurl();
  test.each([
    ['whose name has become ours', 'evil.example', [...AGENT], 421],
    ['by its own script, then', 'evil.example', [...AGENT, '-X', 'canary', '-d', 'canary'], 421],
    ['by a form', 'web.hoop', [...AGENT, '-H', 'Origin: http://evil.example', '-d', 'canary'], 403],
    ['in a sandbox', 'web.hoop', [...AGENT, '-H', 'Origin: null', '-F', 'canary=1'], 403],
    ['by an image', 'web.hoop', [...AGENT, '-e', 'http://evil.example/'], 403],
    ['that keeps to itself who it is', 'web.hoop', [...AGENT], 403],
    ['by our address', '', [...AGENT, '-H', 'Sec-Fetch-Site: cross-site'], 403],
    ['by a WebSocket', 'web.hoop', ['-H', 'Upgrade: websocket', '-H', 'Origin: http://evil.example'], 403],
  ])('%s: answered here, counted, not a byte further', async (_, host, more, status) => {
    const before = { refused: await refused(), heard };
    const { stdout } = await curl(host || web.reach.address, '-w', '%{http_code}', ...more);
    expect(stdout).toMatch(new RegExp(`^hoop: .*\n${status}$`));
    expect({ refused: await refused(), heard }).toEqual({ ...before, refused: before.refused + 1 });
  });
});

describe('a person, by curl', () => {
  asksByCurl();
  test('asks by name', async () => {
    expect(await curl('web.hoop')).toMatchObject({ code: 0, stdout: 'hello' });
    expect(heard).toMatch(/^GET \/ HTTP\/1.1\r\nHost: web.hoop:\d+\r\n/);
  });

  test('asks for an upstream’s TLS by whatever name its certificate has', async () => {
    const before = heard.length;
    await curl('db.internal.example', '--insecure');
    expect(heard.slice(before, before + 2)).toBe('\x16\x03');
  });

  test('types the address in a browser', async () => {
    const done = await curl(web.reach.address, ...AGENT, '-H', 'Sec-Fetch-Site: none');
    expect(done).toMatchObject({ code: 0, stdout: 'hello' });
  });
});

test('is spoken to by a server that speaks first, at once and before a word', async () => {
  const { address, port } = mail.reach;
  const talk = `exec 3<>/dev/tcp/${address}/${port} && head -c 10 <&3 && printf 'HELO x\\r\\n' >&3 && head -c 15 <&3`;
  expect(await alice.run(['bash', '-c', talk])).toMatchObject({ code: 0, stdout: '220 mail\r\nHTTP/1.1 200 OK' });
  expect(heard.endsWith('HELO x\r\n')).toBe(true);
});
