import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ApiError } from '@hoop/contracts/http';
import type { State } from '@hoop/contracts/local';
import { planPaths } from '@hoop/platform';
import { describe, expect, test } from 'vitest';
import type { Daemon } from '../src/client/daemon.js';
import { knowing } from '../src/client/known.js';
import { follow, namesOf } from '../src/commands/run.js';
import { blocked, hoop, login, machineAt, NOW, pg, state } from './stage.js';

describe('ls', () => {
  test('shows what can be reached where, and the hints beside', async () => {
    const { code, out, err } = await hoop(['ls']);
    expect(out).toMatchInlineSnapshot(`
      "pg-prod  postgres  127.77.3.2:5432  ready
      pg-dev   postgres  127.0.0.1:34001  not by name
      "
    `);
    expect(err).toBe('pg-dev: 127.77.3.3:5432 is held by docker-proxy (pid 812)\n  hoop connect pg-dev reaches it\n');
    const seen = await hoop(['ls'], { needs: { terminal: { in: true, out: true, err: true } } });
    expect(seen.out).toBe(`NAME     PROTOCOL  ADDRESS          STATE\n${out}`);
    expect(code).toBe(0);
  });

  test('--json is one array', async () => {
    expect(JSON.parse((await hoop(['ls', '--json'])).out)).toEqual([pg, blocked]);
  });

  test('without a login is exit 4, with the command that helps', async () => {
    const ran = await hoop(['ls'], { now: state({ login: null }) });
    expect(ran).toEqual({ code: 4, out: '', err: 'hoop: you are not logged in\n  hoop login https://YOUR-GATEWAY\n' });
    const json = await hoop(['ls', '--json'], { now: state({ login: null }) });
    expect(JSON.parse(json.err)).toEqual({
      error: { code: 'login-required', message: 'you are not logged in', hint: 'hoop login https://YOUR-GATEWAY' },
    });
    const ended = await hoop(['ls'], { now: state({ login: { ...login, state: 'expired' } }) });
    expect([ended.code, ended.err]).toEqual([4, 'hoop: your login has ended\n  hoop login https://gw.example\n']);
  });

  test('an ended login is told by what ended it, not by what another attempt failed of', async () => {
    const attempt = { id: '7', phase: 'failed' as const, error: { code: 'gateway-untrusted', message: 'elsewhere' } };
    const needs = { act: 'ask' as const, message: 'alice is disabled', hint: 'ask carol, then: hoop login' };
    const problems = [{ code: 'identity-disabled', message: 'alice is disabled' }];
    const now = state({ login: { ...login, state: 'expired' }, attempt, needs, problems });
    const { err } = await hoop(['connect', 'pg-prod'], { now });
    expect(err).toContain('alice is disabled\n  ask carol, then: hoop login\n');
    const own = { ...attempt, id: 'renewal', error: { code: 'identity-disabled', message: 'alice is disabled' } };
    const { out } = await hoop(['status'], { now: { ...now, attempt: own } });
    expect(out.match(/alice is disabled/g)).toHaveLength(1);
    expect((await hoop(['status'], { now })).out).not.toContain('elsewhere');
  });

  test('a gateway that is away is said, and each connection of it', async () => {
    const gateway = {
      url: 'https://gw.example',
      state: 'offline' as const,
      since: NOW,
      warm: 0,
      error: 'nobody listens',
    };
    const now = state({ gateway, connections: [{ ...pg, state: 'offline' }] });
    expect(await hoop(['ls'], { now })).toMatchObject({
      code: 0,
      out: 'pg-prod  postgres  127.77.3.2:5432  gateway away\n',
      err: 'the gateway https://gw.example cannot be reached: nobody listens\n',
    });
  });

  test('waits for a daemon that is finding its feet', async () => {
    const early = state({ login: { ...login, state: 'renewing' }, connections: [], gateway: null });
    const middle = state({ connections: [], gateway: { url: 'u', state: 'connecting', since: NOW, warm: 0 } });
    const { out } = await hoop(['ls'], { now: early, states: [early, middle, state()] });
    expect(out).toContain('pg-prod');
  });

  test('with a gateway that is away and nothing to show is exit 69', async () => {
    const offline = { url: 'https://gw.example', state: 'offline' as const, since: NOW, warm: 0, error: 'timed out' };
    const ran = await hoop(['ls'], { now: state({ connections: [], gateway: offline }) });
    expect(ran.code).toBe(69);
    expect(ran.err).toContain('the gateway https://gw.example cannot be reached: timed out');
  });

  test('cannot be made to write over the screen by a name of the gateway', async () => {
    const evil = { ...pg, name: 'a\u001b[2Jb', contact: '\u202egro.live', state: 'requestable' as const };
    const { out, err } = await hoop(['ls'], { now: state({ connections: [evil] }) });
    expect(out + err).not.toMatch(/[\u001b\u202e]/);
    expect(err).toContain('on request, ask \ufffdgro.live\n');
  });

  test('--watch without a terminal prints a table a change, and nothing twice', async () => {
    const states = [state({ connections: [pg] }), state({ connections: [pg] }), state({ connections: [] })];
    const { out } = await hoop(['ls', '--watch'], { states });
    expect(out.match(/pg-prod/g)).toHaveLength(1);
    const json = await hoop(['ls', '--watch', '--json'], { states });
    expect(
      json.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).length),
    ).toEqual([1, 0]);
  });
});

describe('show', () => {
  test.each([
    ['psql', 'psql "host=127.77.3.2 port=5432 dbname=shop"\n'],
    ['dsn', 'postgresql://127.77.3.2:5432/shop\n'],
    ['jdbc', 'jdbc:postgresql://127.77.3.2:5432/shop\n'],
  ])('--as %s', async (form, wanted) => {
    expect((await hoop(['show', 'pg-prod', '--as', form])).out).toBe(wanted);
  });

  test('--as dbeaver is one argument for -con', async () => {
    const { out } = await hoop(['show', 'pg-prod', '--as', 'dbeaver']);
    expect(out).toMatch(
      /^dbeaver -con "driver=postgresql\|name=pg-prod\|host=127\.77\.3\.2\|port=5432\|database=shop\|/,
    );
  });

  test('quotes a database whose name a shell or libpq would read otherwise', async () => {
    const odd = state({ connections: [{ ...pg, database: "it's $HOME" }] });
    expect((await hoop(['show', 'pg-prod', '--as', 'psql'], { now: odd })).out).toBe(
      `psql 'host=127.77.3.2 port=5432 dbname='\\''it\\'\\''s $HOME'\\'''\n`,
    );
  });

  test('of a connection not reachable by name gives the address that is', async () => {
    expect((await hoop(['show', 'pg-dev.hoop', '--as', 'dsn'])).out).toBe('postgresql://127.0.0.1:34001/shop\n');
  });

  test('a name that is not there is exit 1 with those that are; a form that is not, 2', async () => {
    const unknown = await hoop(['show', '../../etc']);
    expect([unknown.code, unknown.err]).toEqual([
      1,
      'hoop: you see no connection called "../../etc"\n  you see: pg-prod, pg-dev\n',
    ]);
    expect((await hoop(['show', 'pg-prod', '--as', 'odbc'])).code).toBe(2);
    const tcp = state({ connections: [{ ...pg, protocol: 'tcp' }] });
    expect((await hoop(['show', 'pg-prod', '--as', 'jdbc'], { now: tcp })).code).toBe(2);
  });
});

test('status says all, and what is wrong', async () => {
  const now = state({
    problems: [{ code: 'x', message: 'a problem', hint: 'its cure' }],
    gateway: { url: 'https://gw.example', state: 'offline', since: NOW, warm: 0, error: 'timed out' },
  });
  const { out } = await hoop(['status'], { now });
  expect(out).toMatchInlineSnapshot(`
    "daemon       hoopd 0.1.0, pid 4711, up 90 s
    resolver     127.77.3.1:5377, 2 names answered
    login        alice@shop.example, active, in keychain
                 certificate for 10 min, lease until 2026-01-02 04:04:05 UTC
    gateway      https://gw.example, offline: timed out
    connections  2, with 0 sessions open
                 pg-dev not by name: 127.77.3.3:5432 is held by docker-proxy (pid
                 812)
    problem      a problem
                 its cure
    "
  `);
});

test('status asks the gateways whether they answer', async () => {
  const url = 'https://gw.example';
  const error = 'no answer';
  const probed = state({ gateway: { url, state: 'offline', since: NOW, warm: 0, error } });
  expect((await hoop(['status'], { now: state(), probed })).out).toContain(`${url}, offline: ${error}`);
});

test('status tells of a config.yaml that a login would refuse: where, and what to do', async () => {
  const home = mkdtempSync(join(tmpdir(), 'hoop-status-'));
  const machine = machineAt(home);
  const paths = planPaths(machine);
  mkdirSync(dirname(paths.configFile), { recursive: true });
  writeFileSync(paths.configFile, 'gateway: https://gw.example\n\nloginstore: memory\n');
  const { out, code } = await hoop(['status'], { needs: { machine, paths } });
  expect(code).toBe(0);
  const words = out.replace(/\s+/g, ' ');
  expect(words).toContain(
    `problem ${paths.configFile}:3: \`loginstore\` is not a key mend or remove the line; known: gateway,`,
  );
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const told = JSON.parse((await hoop(['status', '--json'], { needs: { machine, paths } })).out) as State;
  expect(told.problems).toMatchObject([{ code: 'bad-config', message: expect.stringContaining('config.yaml:3:') }]);
});

test('status says who is waited for: a person, in a browser or to whom access was denied', async () => {
  const attempt = { id: '3', phase: 'browser' as const, url: 'https://idp.example/auth?x' };
  const under = await hoop(['status'], { now: state({ login: null, attempt, waiting: 3 }) });
  expect(under.out).toContain(
    'login        under way: finish it in the browser; hoop login shows where\nwaiting      3 programs, for the login\n',
  );
  const disabled = { code: 'identity-disabled', message: 'alice is disabled', hint: 'ask carol' };
  const now = state({
    login: { ...login, state: 'expired' },
    attempt: { id: 'renewal', phase: 'failed', error: disabled },
    needs: { act: 'ask', message: disabled.message, hint: disabled.hint },
  });
  const ended = await hoop(['status'], { now });
  expect(ended.out).toContain('login        alice@shop.example, ended:\n             ask carol\n');
  expect(ended.out).not.toContain('hoop login');
  expect((await hoop(['ls'], { now })).err).toBe('hoop: your login has ended: alice is disabled\n  ask carol\n');
});

test('status says what was turned away, by kind, and nothing of none', async () => {
  const refused = { peers: 1, protocol: 0, api: 0, ports: 2 };
  expect((await hoop(['status'], { now: state({ refused }) })).out).toContain(
    'turned away  1 from other users of this machine\n             2 to a port that the gateway does not allow\n',
  );
});

test('status of a login that works says nothing of an attempt beside it that failed', async () => {
  const error = { code: 'gateway-untrusted', message: 'no certificate has the fingerprint given' };
  const failed = (id: string) => ({ id, phase: 'failed' as const, error });
  expect((await hoop(['status'], { now: state({ attempt: failed('2') }) })).out).not.toContain('problem');
  expect((await hoop(['status'], { now: state({ attempt: failed('renewal') }) })).out).toContain('problem');
  expect((await hoop(['status'], { now: state({ login: null, attempt: failed('2') }) })).out).toContain('problem');
});

test('daemon status is of the daemon alone', async () => {
  expect((await hoop(['daemon', 'status'])).out).toBe(
    'daemon    hoopd 0.1.0, pid 4711, up 90 s\nresolver  127.77.3.1:5377, 2 names answered\n',
  );
});

test.each([['ls'], ['status']])('%s --watch ends with 130 on Ctrl-C, and with 0 once nobody reads', async (command) => {
  const soon = (then: () => void) => {
    queueMicrotask(then);
    return () => {};
  };
  const still = async function* () {
    await new Promise(() => {});
    yield state();
  };
  const daemon = {
    state: async () => state(),
    probed: async () => state(),
    running: async () => state(),
    api: async () => ({}) as never,
    watch: still,
  };
  expect((await hoop([command, '--watch'], { needs: { daemon, onInterrupt: soon } })).code).toBe(130);
  expect((await hoop([command, '--watch'], { needs: { daemon, onUnread: soon } })).code).toBe(0);
});

test('ls --watch ends with the login, as ls does', async () => {
  const ran = await hoop(['ls', '--watch'], { states: [state(), state({ login: null, connections: [] })] });
  expect([ran.code, ran.err]).toEqual([4, 'hoop: you are not logged in\n  hoop login https://YOUR-GATEWAY\n']);
});

test('show has what does not fit in 80 columns by itself', async () => {
  const { out } = await hoop(['show', 'pg-prod']);
  expect(out).toContain('dbeaver   as printed by: hoop show pg-prod --as dbeaver\n');
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('whoami tells person, groups and where the login is kept', async () => {
  const { out } = await hoop(['whoami']);
  expect(out).toContain('person       alice@shop.example\ngroups       dba\n');
  expect(JSON.parse((await hoop(['whoami', '--json'])).out)).toEqual(login);
});

describe('login', () => {
  const attempt = { id: '7', phase: 'discovering' as const };
  const browser = { id: '7', phase: 'browser' as const, url: 'https://idp.example/auth?x' };
  const done = state({ login: { ...login, since: NOW } });
  const asked: unknown[] = [];
  const api = {
    login: async ({ body }: { body: unknown }) => {
      asked.push(body);
      return attempt;
    },
    cancelLogin: async () => ({ cancelled: true }),
  };
  const before = state({ login: null });
  const run = (args: string[], states: State[], needs = {}) =>
    hoop(['login', ...args], { now: before, states, api: api as never, needs });

  test('tells the address without a terminal, and who one is at the end', async () => {
    const { code, err } = await run(
      ['https://gw.example', '--no-browser'],
      [state({ login: null, attempt }), state({ login: null, attempt: browser }), done],
    );
    expect(err).toBe(
      'open in a browser on this machine: https://idp.example/auth?x\nlogged in to https://gw.example as alice@shop.example\n',
    );
    expect(code).toBe(0);
    expect(asked.at(-1)).toEqual({ gateway: 'https://gw.example', flow: 'browser', store: 'keychain' });
  });

  test('--device tells the code', async () => {
    const device = { id: '7', phase: 'device' as const, url: 'https://idp.example/device', userCode: 'ABCD-EFGH' };
    const { err } = await run(
      ['gw.example', '--device', '--login-store=memory'],
      [state({ login: null, attempt: device }), done],
    );
    expect(err).toContain('https://idp.example/device  and enter the code: ABCD-EFGH');
    expect(asked.at(-1)).toEqual({ gateway: 'https://gw.example', flow: 'device', store: 'memory' });
  });

  test('that fails says why, with the exit code of the cause', async () => {
    const failed = (code: string) => ({
      id: '7',
      phase: 'failed' as const,
      error: { code, message: 'it failed', hint: 'do this' },
    });
    const away = await run(['gw.example'], [state({ login: null, attempt: failed('gateway-unreachable') })]);
    expect([away.code, away.err]).toEqual([69, 'hoop: it failed\n  do this\n']);
    expect((await run(['gw.example'], [state({ login: null, attempt: failed('keychain-absent') })])).code).toBe(1);
    const json = await run(['gw.example', '--json'], [state({ login: null, attempt: failed('keychain-absent') })]);
    expect(JSON.parse(json.err).error).toEqual({ code: 'keychain-absent', message: 'it failed', hint: 'do this' });
  });

  test('under way already is joined, and Ctrl-C does not end it', async () => {
    const joining = { ...api, login: async () => ({ ...attempt, joined: true }) };
    let cancelled = false;
    const cancelLogin = async () => {
      cancelled = true;
      return { cancelled };
    };
    const stage = { now: before, api: { ...joining, cancelLogin } as never };
    const states = [state({ login: null, attempt: browser }), done];
    const joined = await hoop(['login', 'gw.example'], { ...stage, states });
    expect([joined.code, joined.err.split('\n')[0]]).toEqual([
      0,
      'a login is under way; open in a browser on this machine: https://idp.example/auth?x',
    ]);
    const onInterrupt = (then: () => void) => {
      queueMicrotask(then);
      return () => {};
    };
    const left = await hoop(['login', 'gw.example'], {
      ...stage,
      needs: { onInterrupt, daemon: { ...stillWaiting(before), api: async () => stage.api as never } },
    });
    expect([left.code, left.err, cancelled]).toEqual([130, 'the login goes on where it was started\n', false]);
  });

  describe('of hoop connect and hoop run', () => {
    const away = 'you are not logged in';
    const config = { variables: { HOOP_GATEWAY: 'https://gw.example' } };
    const asks = (answer: string, needs = {}) => {
      const questions: string[] = [];
      const ask = async (question: string) => {
        questions.push(question);
        return answer;
      };
      return { questions, needs: { ...config, ask, ...needs } };
    };
    const person = { terminal: { in: true, out: true, err: true } };

    test.each([['connect'], ['run']])(
      '%s asks a person at a terminal, and does not log in on a no',
      async (command) => {
        const before2 = asked.length;
        const stage = asks('n', person);
        const ran = await hoop([command, 'pg-prod'], { now: before, api: api as never, needs: stage.needs });
        expect(stage.questions).toEqual(['You are not logged in. Log in at https://gw.example now? [Y/n] ']);
        expect([ran.code, ran.err.includes(away), asked.length]).toEqual([4, true, before2]);
      },
    );

    test('logs in on a yes', async () => {
      const stage = asks('', person);
      const daemon = {
        ...stillWaiting(before),
        api: async () => ({ login: () => Promise.reject(new Error('asked')) }),
      };
      const ran = await hoop(['connect', 'pg-prod'], { needs: { ...stage.needs, daemon: daemon as never } });
      expect([stage.questions.length, ran.err.includes('asked')]).toEqual([1, true]);
    });

    test.each([
      ['no terminal at all', { in: false, out: false, err: false }],
      ['a pipe for stdin', { in: false, out: true, err: true }],
      ['nobody who reads', { in: true, out: true, err: false }],
    ])('with %s nobody is asked, and no login is started', async (_, terminal) => {
      const before2 = asked.length;
      const stage = asks('y', { terminal });
      const ran = await hoop(['connect', 'pg-prod'], { now: before, api: api as never, needs: stage.needs });
      expect([ran.code, stage.questions, asked.length]).toEqual([4, [], before2]);
    });

    test('waits for a login that is under way, whoever started it', async () => {
      const under = state({ login: null, attempt: browser });
      let now = under;
      const daemon = {
        ...stillWaiting(under),
        state: async () => now,
        probed: async () => now,
        watch: async function* () {
          yield under;
          now = state({ login: { ...login, since: NOW }, connections: [{ ...pg, protocol: 'tcp' as const }] });
          yield now;
        },
      };
      const ran = await hoop(['connect', 'pg-prod'], { needs: { ...config, daemon } });
      expect(ran.err).toContain('a login is under way; open in a browser on this machine');
      expect([ran.code, ran.out]).toEqual([127, expect.stringContaining('127.77.3.2:5432')]);
    });
  });

  test('is given up by Ctrl-C: exit 130', async () => {
    const onInterrupt = (then: () => void) => {
      queueMicrotask(then);
      return () => {};
    };
    const { code, err } = await hoop(['login', 'gw.example', '--no-browser'], {
      now: before,
      api: api as never,
      needs: { onInterrupt, daemon: { ...stillWaiting(before) } },
    });
    expect([code, err]).toEqual([130, 'login given up\n']);
  });

  test('takes the gateway from HOOP_GATEWAY, else from the last login, else asks', async () => {
    await run(['--no-browser'], [done], { variables: { HOOP_GATEWAY: 'https://env.example' } });
    expect(asked.at(-1)).toMatchObject({ gateway: 'https://env.example' });
    const again = { now: { ...before, lastGateway: 'https://last.example' }, states: [done], api: api as never };
    expect((await hoop(['login'], again)).code).toBe(0);
    expect(asked.at(-1)).toMatchObject({ gateway: 'https://last.example' });
    expect((await hoop(['ls'], again)).err).toBe('hoop: you are not logged in\n  hoop login\n');
    const odd = await run(['a b'], [done]);
    expect([odd.code, odd.err]).toEqual([
      2,
      'hoop: "a b" is no gateway\'s address\n  hoop login https://YOUR-GATEWAY\n',
    ]);
    const none = await run([], [done]);
    expect([none.code, none.err]).toEqual([2, 'hoop: which gateway?\n  hoop login https://YOUR-GATEWAY\n']);
  });

  function stillWaiting(now: State) {
    return {
      state: async () => now,
      probed: async () => now,
      running: async () => now,
      api: async () => api as never,
      watch: async function* () {
        await new Promise(() => {});
        yield now;
      },
    };
  }
});

describe('sessions', () => {
  const row = {
    ...{
      id: '7kq2',
      person: 'alice@shop.example',
      connection: 'pg-prod',
      protocol: 'postgres' as const,
      program: 'psql',
    },
    ...{ startedAt: NOW - 60_000, endedAt: NOW, statements: 1, rows: 1, bytesIn: 1, bytesOut: 1, ms: 38.5730001 },
  };
  test('ls and show', async () => {
    const error = { code: '42601', message: 'syntax error at or near "selec"' };
    const record = [
      { number: 1, at: NOW, text: 'select\n  1', verdict: 'allow' as const, ms: 3.0000001, tag: 'SELECT 1' },
      { number: 3, at: NOW, text: 'selec 1', verdict: 'allow' as const, ms: 2, error },
      { number: 4, at: NOW, text: 'select pg_sleep(9)', verdict: 'allow' as const },
      { number: 2, at: NOW, text: 'drop table x', verdict: 'deny' as const, rule: 'no-drop' },
      {
        ...{ number: 5, at: NOW, text: 'delete from x', verdict: 'allow' as const, ms: 1, tag: 'DELETE 1' },
        matched: [
          { rule: 'seen', then: 'observe' as const },
          { rule: 'careful', then: 'warn' as const },
        ],
        masked: [{ rule: 'pii', cells: 3 }],
      },
    ];
    const api = { sessions: async () => [row], session: async () => ({ ...row, record }) };
    const { out } = await hoop(['sessions', 'ls'], { api });
    expect(out).toBe('7kq2  Jan  2 03:03  pg-prod  psql  1  1  60 s\n');
    const shown = await hoop(['sessions', 'show', '7kq2'], { api });
    expect(shown.out).toMatchInlineSnapshot(`
      "session     7kq2
      person      alice@shop.example
      connection  pg-prod
      program     psql
      started     2026-01-02 03:03:05 UTC
      lasted      60 s
      did         1 statement, 1 row, 39 ms

      1  03:04:05  3 ms  SELECT 1
         select 1

      3  03:04:05  2 ms  ERROR 42601: syntax error at or near "selec"
         selec 1

      4  03:04:05  did not end
         select pg_sleep(9)

      2  03:04:05  denied: no-drop
         drop table x

      5  03:04:05  1 ms  DELETE 1  observed: seen  warned: careful  masked: 3 cells by pii
         delete from x
      "
    `);
    const json = JSON.parse((await hoop(['sessions', 'show', '7kq2', '--json'], { api })).out);
    expect([json.ms, json.record[0].ms]).toEqual([38.573, 3]);
  });

  test('ls on a terminal has headings, the person where all are asked for, and fits', async () => {
    const old = { ...row, startedAt: NOW - 40 * 86_400_000, endedAt: NOW - 40 * 86_400_000 + 9_000, end: 'revoked' };
    const api = { sessions: async () => [{ ...row, end: 'client' }, old] };
    const needs = { terminal: { in: true, out: true, err: true } };
    expect((await hoop(['sessions', 'ls', '--all'], { api, needs })).out).toMatchInlineSnapshot(`
      "ID    STARTED, UTC  PERSON              CONNECTION  STMTS  ROWS  LASTED
      7kq2  Jan  2 03:03  alice@shop.example  pg-prod     1      1     60 s
      7kq2  Nov 23  2025  alice@shop.example  pg-prod     1      1     9 s, revoked
      "
    `);
    expect((await hoop(['sessions', 'ls'], { api, needs })).out).toMatchInlineSnapshot(`
      "ID    STARTED, UTC  CONNECTION  PROGRAM  STMTS  ROWS  LASTED
      7kq2  Jan  2 03:03  pg-prod     psql     1      1     60 s
      7kq2  Nov 23  2025  pg-prod     psql     1      1     9 s, revoked
      "
    `);
  });

  test('none, a connection that is none, and a limit that is none, are told', async () => {
    const api = { sessions: async () => [] };
    const ls = async (...args: string[]) => {
      const { code, out, err } = await hoop(['sessions', 'ls', ...args], { api });
      return [code, out, err];
    };
    expect(await ls()).toEqual([0, '', 'no sessions yet\n']);
    expect(await ls('--json')).toEqual([0, '[]\n', '']);
    expect(await ls('--connection', 'pg-dev')).toEqual([0, '', 'no sessions yet\n']);
    expect(await ls('--connection', 'nope')).toEqual([1, '', expect.stringContaining('no connection called "nope"')]);
    expect(await ls('--connection', 'nope', '--all')).toEqual([0, '', 'no sessions yet\n']);
    for (const limit of ['0', 'x', '1001', '-1', '1e2']) {
      expect(await ls(`--limit=${limit}`)).toEqual([
        2,
        '',
        'hoop: --limit is a number from 1 to 1000\n  hoop help sessions ls\n',
      ]);
    }
  });

  test('that the gateway refuses is exit 5', async () => {
    const refuse = () => Promise.reject(new ApiError(403, 'not-auditor', 'you may see only your own'));
    const ran = await hoop(['sessions', 'ls', '--all'], { api: { sessions: refuse } });
    expect([ran.code, ran.err]).toEqual([5, 'hoop: you may see only your own\n']);
  });
});

describe('daemon', () => {
  test('status and stop never start one', async () => {
    expect(await hoop(['daemon', 'status'], { running: false })).toEqual({
      code: 1,
      out: 'hoopd does not run\n',
      err: '',
    });
    expect(await hoop(['daemon', 'stop'], { running: false })).toEqual({
      code: 0,
      out: '',
      err: 'hoopd does not run\n',
    });
  });
});

test.each([
  ['nosuchcommand', 127, 'no such command: nosuchcommand'],
  ['/etc/passwd', 126, 'this cannot be run: /etc/passwd'],
  ['/nonexistent/psql', 127, 'no such command: /nonexistent/psql'],
])('run of %s is exit %d, in our words', async (command, code, message) => {
  // A folder that cannot be looked into (here: no folder) hides nothing from the answer.
  const needs = { variables: { PATH: '/etc/passwd:/usr/bin:/bin' } };
  expect(await hoop(['run', '--', command], { needs })).toMatchObject({ code, err: expect.stringContaining(message) });
});

test('run gives names only to what is reached by its own port', () => {
  expect(namesOf(state())).toEqual([{ hostname: 'pg-prod.hoop', address: '127.77.3.2' }]);
});

test('run follows the names over an end of hoopd, and starts none', async () => {
  const over = new AbortController();
  const set: string[][] = [];
  const lives: (State[] | 'none' | 'broken')[] = [[state(), state({ connections: [] })], 'none', 'broken', [state()]];
  const pauses: number[] = [];
  const daemon = {
    running: async () => {
      if (Array.isArray(lives[0])) return state();
      if (lives.shift() === 'broken') throw new Error('SILENT');
      return undefined;
    },
    watch: async function* () {
      yield* lives.shift() as State[];
      if (lives.length === 0) over.abort();
    },
  } as unknown as Daemon;
  const names = { set: (now: readonly { hostname: string }[]) => void set.push(now.map(({ hostname }) => hostname)) };
  await follow({ daemon, pause: async (ms) => void pauses.push(ms) }, names, over.signal);
  const all = namesOf(state()).map(({ hostname }) => hostname);
  expect(set).toEqual([all, [], [], [], [], all]);
  expect(pauses).toHaveLength(3);
});

test('before a login, hints go by the gateway of config.yaml', async () => {
  const none = state({ login: null, gateway: null });
  const daemon = { state: async () => none, probed: async () => none, running: async () => none } as unknown as Daemon;
  const configured = knowing(daemon, async () => 'https://gw.example');
  const { out } = await hoop(['status'], { needs: { daemon: configured } });
  expect(out).toMatch(/^login +none: hoop login$/m);
  expect(out).toMatch(/^gateway +https:\/\/gw\.example, once you are logged in$/m);
  const spoilt = knowing(daemon, () => Promise.reject(new Error('not YAML')));
  expect((await hoop(['ls'], { needs: { daemon: spoilt } })).err).toContain('hoop login https://YOUR-GATEWAY');
});
