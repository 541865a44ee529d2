import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { WireConnection } from '@hoop/contracts/gateway';
import type { State } from '@hoop/contracts/local';
import { INITIAL_CREDIT } from '@hoop/contracts/uplink';
import { FaultProxy } from '@hoop/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Arrived, echo, TestGateway } from './support/gateway.js';
import { credentialFor, dial, freePort, type Laptop, laptop, readAll } from './support/laptop.js';

/** From a client's socket through listener, uplink and frames to the gateway, and back. */
let handle: (flow: Arrived) => void;
let gateway: TestGateway;
let on: Laptop;
let raw: WireConnection;

beforeEach(async () => {
  handle = echo;
  gateway = await new TestGateway((flow) => handle(flow)).start();
  raw = { name: 'raw', protocol: 'tcp', port: await freePort(), state: 'granted' };
  gateway.connections = [raw];
  on = await laptop({ gateway });
});
afterEach(async () => {
  await on[Symbol.asyncDispose]();
  await gateway.stop();
});

describe('a flow', () => {
  test('carries bytes both ways and ends each direction by itself', async () => {
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    client.end('hello');
    expect(await answer).toBe('hello');
    const [head] = gateway.heads.filter((one) => one.kind === 'flow');
    expect(head).toMatchObject({ connection: 'raw', port: raw.port, epoch: 0 });
    expect(head).toHaveProperty('flow', expect.stringMatching(/^[0-9a-f]{32}$/));
  });

  test('names the program behind it', async () => {
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    client.end('x');
    await answer;
    const [head] = gateway.heads.filter((one) => one.kind === 'flow');
    // A slow machine may not find it in time: then there is none, but never another's.
    expect([undefined, process.pid]).toContain(head?.kind === 'flow' ? head.program?.pid : 0);
  });

  test('carries far more than the credit, whole, while both sides are slow', async () => {
    const bytes = randomBytes(6 * 1024 * 1024);
    const client = await dial(on, 'raw');
    const hash = createHash('sha256');
    let length = 0;
    client.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      length += chunk.length;
      client.pause();
      setImmediate(() => client.resume());
    });
    const ended = once(client, 'end');
    client.end(bytes);
    await ended;
    expect(length).toBe(bytes.length);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('holds a client back that the gateway does not read', async () => {
    const received = Promise.withResolvers<void>();
    let length = 0;
    handle = (flow) => {
      flow.onData = (bytes) => {
        length += bytes.length;
        if (length === INITIAL_CREDIT) received.resolve();
      };
    };
    const client = await dial(on, 'raw');
    client.write(randomBytes(20 * 1024 * 1024));
    await received.promise;
    // Round trips of another flow: whatever was under way has come by then.
    handle = echo;
    for (let i = 0; i < 20; i++) {
      const other = await dial(on, 'raw');
      const answer = readAll(other);
      other.end('x');
      await answer;
    }
    // The kernel's buffers hold a few MiB; the rest waits in the client, not in the daemon.
    expect(client.writableLength).toBeGreaterThan(8 * 1024 * 1024);
    expect(length).toBe(INITIAL_CREDIT);
    client.destroy();
  });

  test('holds the gateway back that sends to a client that does not read', async () => {
    const chunk = randomBytes(65_536);
    const total = 800;
    const stalled = Promise.withResolvers<void>();
    let sent = 0;
    handle = (flow) => {
      flow.onWritable = () => {
        while (sent < total) {
          sent += 1;
          if (!flow.channel.send(chunk, true)) return stalled.resolve();
        }
        flow.channel.finish();
      };
      flow.onWritable();
    };
    const client = await dial(on, 'raw');
    await stalled.promise;
    handle = echo;
    for (let i = 0; i < 20; i++) {
      const other = await dial(on, 'raw');
      const answer = readAll(other);
      other.end('x');
      await answer;
    }
    expect(sent).toBeLessThan(total);
    let length = 0;
    client.on('data', (bytes: Buffer) => {
      length += bytes.length;
    });
    await once(client, 'end');
    expect(length).toBe(total * chunk.length);
    client.destroy();
  });

  test('a client that goes away is told to the gateway', async () => {
    const closed = Promise.withResolvers<string>();
    handle = (flow) => {
      flow.onClose = (reason) => closed.resolve(reason.code);
    };
    const client = await dial(on, 'raw');
    await on.until((state) => state.connections[0]?.flows === 1);
    client.resetAndDestroy();
    expect(await closed.promise).toBe('client-gone');
    await on.until((state) => state.connections[0]?.flows === 0);
  });
});

describe('the end of the link', () => {
  const speak = (boundary: boolean) => (flow: Arrived) => {
    flow.channel.epitaph(Buffer.from('EPITAPH'));
    flow.channel.send(Buffer.from('answer'), boundary);
    flow.onData = () => flow.socket.destroy();
  };

  async function heard(boundary: boolean): Promise<string> {
    handle = speak(boundary);
    const client = await dial(on, 'raw');
    const all = readAll(client);
    await once(client, 'data');
    client.write('now break');
    return all;
  }

  test('on a message boundary the client gets the epitaph', async () => {
    expect(await heard(true)).toBe('answerEPITAPH');
  });

  test('inside a message it gets the end and nothing else', async () => {
    expect(await heard(false)).toBe('answer');
  });

  test('hoopd that ends says so to its clients', async () => {
    handle = speak(true);
    const client = await dial(on, 'raw');
    const all = readAll(client);
    await once(client, 'data');
    await on[Symbol.asyncDispose]();
    expect(await all).toBe('answerEPITAPH');
    on = await laptop({ gateway });
  });

  test('a refusal of the gateway is told in the client’s protocol', async () => {
    handle = (flow) => flow.channel.close({ code: 'not-granted', message: 'no', hint: 'ask carol' });
    expect(await readAll(await dial(on, 'raw'))).toBe('refused not-granted ask carol');
  });

  test('a refusal that the gateway already told is not told again', async () => {
    handle = (flow) => {
      flow.channel.send(Buffer.from('native'), true);
      flow.channel.close({ code: 'not-granted', message: 'no' });
    };
    expect(await readAll(await dial(on, 'raw'))).toBe('native');
  });

  test('a port that the gateway refuses is counted', async () => {
    handle = (flow) => flow.channel.close({ code: 'port-refused', message: 'not this one' });
    expect(await readAll(await dial(on, 'raw'))).toContain('refused port-refused');
    expect(on.daemon.state().refused.ports).toBe(1);
  });

  test('a certificate that the gateway does not take ends in the cure', async () => {
    handle = (flow) => flow.channel.close({ code: 'certificate', message: 'expired' });
    const asked: unknown[] = [];
    on.credentials.wanted = (isRefused?: boolean) => asked.push(isRefused);
    expect(await readAll(await dial(on, 'raw'))).toBe('refused login-required hoop login');
    expect(asked).toEqual([true]);
  });

  test('frames that break the rules end the flow', async () => {
    handle = (flow) => void flow.socket.write(Buffer.from([99, 0, 0, 0]));
    expect(await readAll(await dial(on, 'raw'))).toContain('refused link-lost');
  });
});

describe('no way to the gateway', () => {
  test('nobody logged in: a native refusal that says what to do', async () => {
    const client = await dial(on, 'raw');
    client.destroy();
    const keep = on.credentials.credential;
    on.credentials.credential = undefined;
    expect(await readAll(await dial(on, 'raw'))).toBe('refused login-required hoop login');
    on.credentials.credential = keep;
  });

  test('gateway gone: refused at once; back: new flows work within two seconds', async () => {
    await on.until((state) => state.gateway?.state === 'online' && state.gateway.warm > 0);
    await gateway.stop();
    await on.until((state) => state.gateway?.state === 'offline');
    expect(await readAll(await dial(on, 'raw'))).toContain('refused gateway-unreachable');
    await gateway.start();
    const since = performance.now();
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    client.end('again');
    expect(await answer).toBe('again');
    await on.until((state) => state.gateway?.state === 'online');
    expect(performance.now() - since).toBeLessThan(2_000);
  });

  test('a gateway that stands still behind links that stand: said when it is asked, and to who waits for its first word', async () => {
    const wire = await FaultProxy.start({ port: gateway.port });
    const still = await laptop({ gateway, firstWord: 50 });
    still.credentials.set({ ...credentialFor(gateway), tunnel: [{ host: 'localhost', port: wire.port }] });
    const isOnline = ({ gateway: now }: State) => now?.state === 'online' && now.warm > 0;
    await still.until(isOnline);
    await still.daemon.probe();
    expect(isOnline(still.daemon.state())).toBe(true);
    wire.stall();
    await still.daemon.probe();
    expect(still.daemon.state().gateway).toMatchObject({ warm: 0, error: 'no answer' });
    wire.mend();
    await still.until(isOnline);
    handle = () => {};
    const heard = await dial(still, 'raw');
    wire.stall();
    const answer = readAll(heard);
    heard.write('is anybody there');
    expect(await answer).toContain('refused link-lost');
    await still[Symbol.asyncDispose]();
    await wire.close();
  });

  test('a gateway that shows another certificate is not believed', async () => {
    const other = await new TestGateway(echo).start();
    await on.until((state) => state.connections.length === 1);
    on.credentials.set({ ...credentialFor(gateway), tunnel: [{ host: 'localhost', port: other.port }] });
    await on.until((state) => state.gateway?.state === 'offline');
    expect(await readAll(await dial(on, 'raw'))).toContain('refused gateway-unreachable');
    expect(other.uplinks).toBe(0);
    await other.stop();
  });

  test('an endpoint that is down is passed over', async () => {
    const tunnel = [{ host: 'localhost', port: await freePort() }, ...credentialFor(gateway).tunnel];
    on.credentials.set({ ...credentialFor(gateway), tunnel });
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    client.end('second');
    expect(await answer).toBe('second');
  });
});

describe('the list', () => {
  test('is followed: listeners come and go, addresses stay', async () => {
    const first = await on.until((state) => state.connections.length === 1);
    const more: WireConnection = { name: 'aaa', protocol: 'tcp', port: raw.port, state: 'requestable' };
    gateway.list([raw, more]);
    const second = await on.until((state) => state.connections.length === 2);
    expect(second.connections.map((one) => [one.name, one.state])).toEqual([
      ['aaa', 'requestable'],
      ['raw', 'ready'],
    ]);
    expect(second.connections[1]?.address).toBe(first.connections[0]?.address);
    gateway.list([more]);
    await on.until((state) => state.connections.length === 1);
    gateway.list([raw, more]);
    const last = await on.until((state) => state.connections.length === 2);
    expect(last.connections[1]?.address).toBe(first.connections[0]?.address);
  });

  test('a name that DNS does not take is left out, and said', async () => {
    const names = ['../etc', 'a.b', 'UPPER', '', 'a\nb', 'x'.repeat(64), '-a'];
    gateway.list([raw, ...names.map((name) => ({ ...raw, name }))]);
    const state = await on.until(({ problems }) => problems.length > 0);
    expect(state.problems).toEqual([{ code: 'odd-names', message: '7 connections have no name that DNS takes' }]);
    await on.until(({ connections }) => connections.map((one) => one.name).join() === 'raw');
  });

  test('lease, notice and the end of the login reach their places', async () => {
    await on.until((state) => state.gateway?.state === 'online');
    gateway.tell({ type: 'lease', until: 42, identity: { subject: 'bob', email: 'bob@shop.example', groups: [] } });
    gateway.tell({ type: 'notice', code: 'identity-disabled', message: 'over', ended: true });
    const state = await on.until(({ problems, login }) => problems.length > 0 && login === null);
    expect(on.credentials.leaseUntil).toBe(42);
    expect(on.credentials.ended).toBe('identity-disabled');
    expect(state.problems).toEqual([{ code: 'identity-disabled', message: 'over' }]);
    await on.until(({ connections }) => connections.length === 0);
    on.credentials.set(credentialFor(gateway));
    await on.until(({ connections, problems }) => connections.length === 1 && problems.length === 0);
  });
});

test('warm uplinks carry flows, each once, and are replaced when the certificate is', async () => {
  const used: number[] = [];
  handle = (flow) => {
    used.push(flow.uplink);
    echo(flow);
  };
  const talk = async (text: string) => {
    await on.until((state) => (state.gateway?.warm ?? 0) > 0);
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    client.end(text);
    expect(await answer).toBe(text);
  };
  await talk('first');
  await talk('second');
  // The sync uplink came first, then the one that was kept warm before the first flow.
  expect(used[0]).toBe(2);
  expect(new Set(used).size).toBe(2);
  const dialled = gateway.uplinks;
  on.credentials.set({ ...on.credentials.credential!, certificate: `${gateway.client.cert}\n` });
  await on.until((state) => state.gateway?.warm === 0);
  await talk('renewed');
  expect(used[2]).toBeGreaterThan(dialled);
});
