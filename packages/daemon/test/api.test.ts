import { once } from 'node:events';
import { linkSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '@hoop/contracts/http';
import { State, WatchLine } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';
import { profileName } from '@hoop/platform';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiOptions, localApp } from '../src/api/app.js';
import { serve, takeSocket } from '../src/api/server.js';
import { Watchers } from '../src/api/watch.js';
import { openLog } from '../src/log.js';

const STATE: State = {
  daemon: { version: '0', pid: 1, startedAt: 1, resolver: null },
  login: null,
  attempt: null,
  gateway: null,
  connections: [],
  needs: null,
  waiting: 0,
  refused: { peers: 0, protocol: 0, api: 0, ports: 0 },
  problems: [],
};
let folder: string;
let path: string;
let server: http.Server;
let state: State;
let probes = 0;
let watchers: Watchers;
let turnedAway: number;
let stopped: number;
let passed: unknown[];
const EXPLAINED = { connection: 'pg-prod', database: 'shop', verdict: 'allow', notices: [], commands: [] };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-api-'));
  path = join(folder, 'hoopd.sock');
  state = structuredClone(STATE);
  probes = 0;
  turnedAway = 0;
  stopped = 0;
  passed = [];
  watchers = new Watchers(() => structuredClone(state));
  server = await takeSocket(path);
  serve(server, localApp(options()));
});
afterEach(async () => {
  watchers.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true });
});

function options(): ApiOptions {
  const fail = (error: Error) => async () => {
    throw error;
  };
  const credentials = {
    start: fail(new UserError('ca-file', 'no such CA', { hint: 'look' })),
    cancel: () => true,
    logout: fail(new Error('a secret place in the code')),
  };
  return {
    state: () => state,
    probe: async () => {
      probes += 1;
    },
    retry: async () => state,
    authority: () => ({ make: fail(new Error('never')), forget: async () => true }),
    watchers,
    profiles: {
      get: (name = 'default') => {
        if (name !== 'default') throw new UserError('no-such-profile', 'there is none');
        return { credentials };
      },
      ensure: (name = 'default') => {
        profileName(name);
        return { credentials };
      },
      use: () => {},
      rename: async () => {},
      remove: async () => ({ ended: true }),
    },
    gateway: (() => ({
      sessions: fail(new ApiError(401, 'login-required', 'nobody')),
      controls: async (one: unknown) => {
        passed.push(one);
        return { guardrails: [], masks: [] };
      },
      explain: async (one: unknown) => {
        passed.push(one);
        return EXPLAINED;
      },
    })) as unknown as ApiOptions['gateway'],
    turnedAway: () => {
      turnedAway += 1;
    },
    stop: () => {
      stopped += 1;
    },
    log: openLog(2, 'silent'),
  };
}

interface Answer {
  status: number;
  body: unknown;
}
function call(request: {
  method?: string;
  path: string;
  headers?: http.OutgoingHttpHeaders;
  body?: unknown;
}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = http.request({
      socketPath: path,
      method: request.method ?? 'GET',
      path: request.path,
      headers: { host: 'hoopd', 'content-type': 'application/json', ...request.headers },
    });
    sent.on('error', reject);
    sent.on('response', (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.end(request.body === undefined ? undefined : JSON.stringify(request.body));
  });
}

describe('who is let in', () => {
  test.each([
    ['localhost', { host: 'localhost' }],
    ['a name of an attacker', { host: 'evil.example' }],
    ['hoopd with a port', { host: 'hoopd:80' }],
    ['an origin', { origin: 'http://hoopd' }],
    ['an empty origin', { origin: '' }],
    ['the null origin', { origin: 'null' }],
  ])('%s is turned away before anything else, and counted', async (_, headers) => {
    for (const where of ['/v1/status', '/v1/watch', '/nowhere', '/v1/stop']) {
      const method = where === '/v1/stop' ? 'POST' : 'GET';
      expect((await call({ method, path: where, headers })).status).toBe(403);
    }
    expect(turnedAway).toBe(4);
    expect(stopped).toBe(0);
  });

  test('whoever asks before hoopd has begun is answered once it has', async () => {
    const other = join(folder, 'other.sock');
    const starting = await takeSocket(other);
    const asked = new Promise<number | undefined>((resolve, reject) => {
      const options = { socketPath: other, path: '/v1/status', headers: { host: 'hoopd' } };
      http.get(options, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
    });
    await once(starting, 'request');
    serve(starting, localApp(options()));
    expect(await asked).toBe(200);
    starting.closeAllConnections();
    await new Promise((closed) => starting.close(closed));
  });

  test('the socket is nobody else’s', () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('answers', () => {
  test('the state, in the contract’s shape', async () => {
    const { status, body } = await call({ path: '/v1/status' });
    expect(status).toBe(200);
    expect(State.parse(body)).toEqual(STATE);
    expect(probes).toBe(0);
    expect((await call({ path: '/v1/status?probe=true' })).body).toEqual(STATE);
    expect(probes).toBe(1);
  });

  test('errors tell code, message and hint; a bug tells nothing of itself', async () => {
    const login = { gateway: 'https://gw.example', flow: 'browser', store: 'memory' };
    expect(await call({ method: 'POST', path: '/v1/login', body: login })).toEqual({
      status: 422,
      body: { error: { code: 'ca-file', message: 'no such CA', hint: 'look' } },
    });
    expect((await call({ method: 'POST', path: '/v1/login', body: { gateway: 1 } })).status).toBe(400);
    expect((await call({ path: '/v1/sessions' })).status).toBe(401);
    const bug = await call({ method: 'POST', path: '/v1/logout' });
    expect(bug.status).toBe(500);
    expect(JSON.stringify(bug.body)).not.toContain('secret');
    expect((await call({ path: '/v2' })).status).toBe(404);
  });

  test('a profile that is none is refused, whoever asks for it and however it is written', async () => {
    const body = { gateway: 'https://gw.example', flow: 'browser', store: 'memory', profile: '../x' };
    expect(await call({ method: 'POST', path: '/v1/login', body })).toMatchObject({
      status: 422,
      body: { error: { code: 'profile' } },
    });
    for (const [method, path] of [
      ['DELETE', '/v1/login/attempt?profile=acme'],
      ['POST', '/v1/logout?profile=acme'],
      ['POST', '/v1/logout?profile=..%2Fx'],
    ] as const)
      expect(await call({ method, path })).toMatchObject({
        status: 422,
        body: { error: { code: 'no-such-profile' } },
      });
  });

  test('what is controlled is the gateway’s to say', async () => {
    expect((await call({ path: '/v1/connections/pg-prod/controls' })).body).toEqual({ guardrails: [], masks: [] });
    const explain = (body: unknown) => call({ method: 'POST', path: '/v1/connections/pg-prod/explain', body });
    expect(await explain({ text: 'select 1', database: 'shop' })).toEqual({ status: 200, body: EXPLAINED });
    expect((await explain({ text: 'x'.repeat(100_001) })).status).toBe(400);
    expect((await explain({})).status).toBe(400);
    expect(passed).toEqual([{ name: 'pg-prod' }, { name: 'pg-prod', body: { text: 'select 1', database: 'shop' } }]);
  });

  test('stop is answered before it happens', async () => {
    expect((await call({ method: 'POST', path: '/v1/stop' })).body).toEqual({ stopping: true });
    expect(stopped).toBe(1);
  });
});

test('watch: a snapshot, then only what changed', async () => {
  const lines: unknown[] = [];
  const second = Promise.withResolvers<void>();
  const request = http.get({ socketPath: path, path: '/v1/watch', headers: { host: 'hoopd' } }, (answer) => {
    expect(answer.headers['content-type']).toContain('application/x-ndjson');
    answer.on('error', () => {});
    answer.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) lines.push(WatchLine.parse(JSON.parse(line)));
      if (lines.length === 1) {
        watchers.changed();
        state.problems = [{ code: 'x', message: 'y' }];
      }
      if (lines.length === 2) second.resolve();
    });
  });
  await second.promise;
  request.destroy();
  expect(lines).toEqual([
    { type: 'snapshot', state: STATE },
    { type: 'change', changed: { problems: [{ code: 'x', message: 'y' }] } },
  ]);
});

describe('one daemon a runtime folder', () => {
  test('a second one is refused, and the first goes on', async () => {
    await expect(takeSocket(path)).rejects.toMatchObject({ code: 'already-running' });
    expect((await call({ path: '/v1/status' })).status).toBe(200);
  });

  test('a socket that a dead daemon left is taken over', async () => {
    const stale = join(folder, 'stale.sock');
    const dead: Server = createServer();
    await new Promise<void>((bound) => dead.listen(stale, bound));
    // Keep the file, lose the listener: what kill -9 leaves.
    linkSync(stale, `${stale}.kept`);
    await new Promise((closed) => dead.close(closed));
    renameSync(`${stale}.kept`, stale);
    const taken = await takeSocket(stale);
    expect(lstatSync(stale).isSocket()).toBe(true);
    await new Promise((closed) => taken.close(closed));
  });

  test('a file that is no socket is left alone', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    await expect(takeSocket(file)).rejects.toMatchObject({ code: 'path-refused' });
    expect(statSync(file).size).toBe(4);
  });
});
