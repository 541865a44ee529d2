import { mkdtempSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { daemonAt } from '../src/client/daemon.js';
import { pg, state } from './stage.js';

let server: { close(): unknown; closeAllConnections?(): void } | undefined;
afterEach(() => {
  server?.closeAllConnections?.();
  server?.close();
  server = undefined;
});
const folder = () => join(mkdtempSync(join(tmpdir(), 'hoop-client-')), 's');
const uid = process.getuid!();
const never = { uid, start: () => Promise.reject(new Error('was started')), silenceMend: 'end it' };

function listen(path: string, handle: RequestListener): Promise<void> {
  const own: Server = createServer(handle);
  server = own;
  return new Promise((resolve) => own.listen(path, () => resolve()));
}

describe('the local API, spoken over the socket', () => {
  test('asks as hoopd wants to be asked, and reads the answer', async () => {
    const path = folder();
    const asked: unknown[] = [];
    await listen(path, (request, response) => {
      asked.push([request.method, request.url, request.headers.host, request.headers.origin]);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(state()));
    });
    expect(await daemonAt(path, never).state()).toEqual(state());
    expect(asked).toEqual([['GET', '/v1/status', 'hoopd', undefined]]);
  });

  test('asks nobody but this user’s own hoopd', async () => {
    const path = folder();
    let asked = 0;
    await listen(path, (_, response) => {
      asked += 1;
      response.end(JSON.stringify(state()));
    });
    const another = { ...never, uid: uid + 47_001 };
    const daemon = daemonAt(path, another);
    const refused = { code: 'socket-foreign', exit: 'unavailable', message: expect.stringContaining(`user id ${uid}`) };
    for (const ask of [daemon.state(), daemon.running(), daemon.watch().next(), daemon.probed()])
      await expect(ask).rejects.toMatchObject(refused);
    await expect((await daemon.api()).stop({})).rejects.toMatchObject(refused);
    expect(asked).toBe(0);
  });

  test('starts a daemon if nobody listens, once, and `running` does not', async () => {
    const path = folder();
    let started = 0;
    const start = async () => {
      started += 1;
      await listen(path, (_, response) => response.end(JSON.stringify(state())));
    };
    const daemon = daemonAt(path, { ...never, start });
    expect(await daemon.running()).toBeUndefined();
    expect(started).toBe(0);
    expect((await daemon.state()).daemon.pid).toBe(4711);
    expect((await daemon.running())?.daemon.pid).toBe(4711);
    expect(started).toBe(1);
  });

  test('watch puts snapshot and changes together, wherever the stream is cut', async () => {
    const path = folder();
    const lines = [
      { type: 'snapshot', state: state({ connections: [] }) },
      { type: 'change', changed: { connections: [pg] } },
      { type: 'change', changed: { login: null } },
    ].map((line) => `${JSON.stringify(line)}\n`);
    await listen(path, (_, response) => {
      const bytes = Buffer.from(`${lines.join('')}`.replace('pg-prod', 'pg-größe'));
      for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
      response.end();
    });
    const seen = [];
    for await (const one of daemonAt(path, never).watch()) seen.push(one);
    expect(seen.map((one) => one.connections.length)).toEqual([0, 1, 1]);
    expect(seen[1]?.connections[0]?.name).toBe('pg-größe');
    expect(seen[2]?.login).toBeNull();
    expect(seen[2]?.gateway?.state).toBe('online');
  });

  test('every other call goes by the contract, and its refusal keeps code and hint', async () => {
    const path = folder();
    await listen(path, (request, response) => {
      response.statusCode = request.method === 'DELETE' ? 200 : 403;
      const error = { code: 'not-auditor', message: 'no', hint: 'ask' };
      response.end(JSON.stringify(request.method === 'DELETE' ? { cancelled: true } : { error }));
    });
    const api = await daemonAt(path, never).api();
    expect(await api.cancelLogin({})).toEqual({ cancelled: true });
    await expect(api.sessions({ query: {} })).rejects.toMatchObject({ code: 'not-auditor', hint: 'ask', status: 403 });
  });

  test('what answers with something else is told, not waited for', async () => {
    const path = folder();
    const odd = createPlain((socket) => socket.end('SSH-2.0-x\r\n'));
    server = odd;
    await new Promise<void>((resolve) => odd.listen(path, () => resolve()));
    await expect(daemonAt(path, never).state()).rejects.toMatchObject({
      code: 'daemon-unreachable',
      exit: 'unavailable',
    });
  });

  test('one that is silent is told, whatever is asked of it', async () => {
    const path = folder();
    await listen(path, () => {});
    const daemon = daemonAt(path, { ...never, patience: 100 });
    const told = { code: 'daemon-silent', hint: 'end it', exit: 'unavailable' };
    await expect(daemon.state()).rejects.toMatchObject(told);
    await expect(daemon.running()).rejects.toMatchObject(told);
    await expect(daemon.watch().next()).rejects.toMatchObject(told);
    await expect((await daemon.api()).stop({})).rejects.toMatchObject(told);
  });

  test('a call that takes long is waited for, where hoopd itself answers', async () => {
    const path = folder();
    const patience = 100;
    let end = () => {};
    await listen(path, (request, response) => {
      if (request.url === '/v1/status') {
        response.end(JSON.stringify(state()));
        setTimeout(() => end(), 2 * patience);
      } else end = () => response.end(JSON.stringify({ stopping: true }));
    });
    expect(await (await daemonAt(path, { ...never, patience }).api()).stop({})).toEqual({ stopping: true });
  });
});
