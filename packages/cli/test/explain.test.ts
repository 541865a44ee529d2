import type { Controlled, Explained, ExplainedCommand } from '@hoop/contracts/gateway';
import { ApiError } from '@hoop/contracts/http';
import { describe, expect, test } from 'vitest';
import { hoop, pg, state } from './stage.js';

const command = (facts: Partial<ExplainedCommand>): ExplainedCommand => ({
  kind: 'select',
  class: 'read',
  relations: [],
  columns: [],
  functions: [],
  unbounded: false,
  traits: [],
  outputs: [],
  predicates: [],
  ...facts,
});
const allowed: Explained = {
  connection: 'pg-prod',
  database: 'shop',
  verdict: 'allow',
  notices: [],
  commands: [
    command({
      relations: [{ name: 'public.customers', does: 'read' }],
      functions: ['pg_catalog.lower', 'pg_catalog.int4eq', 'pg_catalog.lower'],
      predicates: [{ column: 'public.customers.id', how: 'equality' }],
      outputs: [
        { name: 'id', columns: ['public.customers.id'], exact: true },
        { name: 'mail', columns: ['public.customers.email'], exact: false, mask: { rule: 'pii', way: 'redact' } },
        { name: '?column?', columns: [], exact: false, opaque: 'it calls public.f, whose body was not read' },
        { name: 'one', columns: [], exact: false, searched: true },
      ],
    }),
  ],
};
const refused: Explained = {
  ...allowed,
  verdict: 'deny',
  rule: 'destructive-ddl',
  reason: 'refused by guardrail destructive-ddl: DROP TABLE removes public.orders, which cannot be had back',
  hint: 'Let a migration do it that somebody has looked at, or ask for leave.',
  commands: [
    command({ class: 'unknown', unknown: 'it calls public.purge, which may write', outputs: null }),
    command({
      kind: 'drop table',
      class: 'define',
      relations: [{ name: 'public.orders', does: 'define' }],
      traits: ['destroys'],
      guardrail: { rule: 'destructive-ddl', then: 'deny', message: 'x' },
    }),
  ],
};

async function explain(explained: Explained, args: string[] = ['pg-prod', 'select 1'], input?: string) {
  const asked: unknown[] = [];
  const api = {
    explain: async (one: unknown) => {
      asked.push(one);
      return explained;
    },
  };
  return { ...(await hoop(['explain', ...args], { api, ...(input !== undefined && { input }) })), asked };
}

describe('explain', () => {
  test('shows what is read, and each column with its mask and where it comes from', async () => {
    const { out, code, asked } = await explain(allowed);
    expect(out).toMatchInlineSnapshot(`
      "allowed

      select
        class      read
        reads      public.customers
        calls      pg_catalog.lower, pg_catalog.int4eq
        asks of    public.customers.id by equality

        COLUMN    SHOWN           FROM
        id        as it is        public.customers.id
        mail      redact, by pii  computed of public.customers.email
        ?column?  as it is        anything: it calls public.f, whose body
                                  was not read
        one       searched        no column
      "
    `);
    expect([code, asked]).toEqual([0, [{ name: 'pg-prod', body: { text: 'select 1' } }]]);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('shows the rule that refuses, and each command of several', async () => {
    const { out, code } = await explain(refused);
    expect(out).toMatchInlineSnapshot(`
      "refused by guardrail destructive-ddl: DROP TABLE removes public.orders, which
      cannot be had back
        Let a migration do it that somebody has looked at, or ask for leave.

      1  select
        class      unknown
        because    it calls public.purge, which may write
        shows      what cannot be told: it is masked whole where masks are on

      2  drop table
        class      define
        does       removes for good
        guardrail  destructive-ddl, deny
        defines    public.orders
      "
    `);
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('takes the statement from stdin, the connection by its host, and a database', async () => {
    const { asked } = await explain(allowed, ['pg-prod.hoop', '-', '--database', 'other'], 'delete from x;\n');
    expect(asked).toEqual([{ name: 'pg-prod', body: { text: 'delete from x;\n', database: 'other' } }]);
  });

  test('--json is the answer as it is', async () => {
    expect(JSON.parse((await explain(refused, ['pg-prod', 'x', '--json'])).out)).toEqual(refused);
  });

  test('of a connection that is not there, or a text too long, is exit 1 and asks nothing', async () => {
    const unknown = await explain(allowed, ['pg-x', 'select 1']);
    expect([unknown.code, unknown.asked]).toEqual([1, []]);
    const long = await explain(allowed, ['pg-prod', '-'], ' '.repeat(100_001));
    expect([long.code, long.asked, long.err]).toEqual([1, [], expect.stringContaining('100000 characters')]);
  });

  test('of one that the person may not open is exit 5', async () => {
    const api = {
      explain: async () => Promise.reject(new ApiError(403, 'not-granted', 'you may not', { hint: 'ask' })),
    };
    expect(await hoop(['explain', 'pg-prod', 'x'], { api })).toEqual({
      code: 5,
      out: '',
      err: 'hoop: you may not\n  ask\n',
    });
  });

  test('cannot be made to write over the screen by names of the server', async () => {
    const evil = command({
      kind: 'select\u001b[2J',
      relations: [{ name: 'public.\u202eevil', does: 'read' }],
      outputs: [{ name: '\u001b[H', columns: ['a\u001b'], exact: true }],
    });
    const { out } = await explain({ ...allowed, commands: [evil] });
    expect(out).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('show', () => {
  const controls: Controlled = {
    guardrails: [
      { name: 'scratch', then: 'observe', programs: ['DBeaver', 'pg_*'] },
      { name: 'destructive-ddl', then: 'deny', about: 'DROP, TRUNCATE and what else removes for good' },
      { name: 'not-understood', then: 'deny', about: 'what cannot be understood' },
    ],
    masks: [
      {
        name: 'pii',
        way: 'redact',
        columns: ['*.email', '*.e_mail', '*.birthday', '*.dob', '*.birth_date', '*.date_of_birth'],
        detectors: ['email'],
        exempt: false,
      },
      { name: 'secrets', way: 'redact', columns: ['*.password'], detectors: [], exempt: true },
    ],
  };
  const show = (api: object, args: string[] = []) => hoop(['show', 'pg-prod', ...args], { api });

  test('says what is controlled', async () => {
    const { out } = await show({ controls: async () => controls });
    expect(out.split('address')[1]?.split('psql')[0]).toMatchInlineSnapshot(`
      "   127.77.3.2:5432
      database  shop
      observed  scratch, from DBeaver, pg_*
      refused   destructive-ddl: DROP, TRUNCATE and what else removes for good
                not-understood: what cannot be understood
      masked    pii: redact; *.email, *.e_mail, *.birthday, *.dob, *.birth_date,
                  *.date_of_birth, and 1 more
                secrets: you are exempt; *.password
      "
    `);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(JSON.parse((await show({ controls: async () => controls }, ['--json'])).out)).toMatchObject({ controls });
  });

  test('says that nothing is, or that it is not known', async () => {
    expect((await show({})).out).toContain('controls  no guardrails, no masks\n');
    const away = { controls: () => Promise.reject(new ApiError(503, 'gateway-unreachable', 'the gateway is away')) };
    expect((await show(away)).out).toContain('controls  not known: the gateway is away\n');
    expect(JSON.parse((await show(away, ['--json'])).out)).toMatchObject({ controlsUnknown: 'the gateway is away' });
  });

  test('waits for no gateway that is away', async () => {
    const asked: unknown[] = [];
    const api = { controls: async (one: unknown) => asked.push(one) };
    const gateway = { url: 'https://gw.example', state: 'offline' as const, since: 0, warm: 0 };
    const { out } = await hoop(['show', 'pg-prod'], { api: api as never, now: state({ gateway }) });
    expect([out.includes('controls  not known: the gateway cannot be reached\n'), asked]).toEqual([true, []]);
  });

  test('asks for none where the person may not open it, or only a string is wanted', async () => {
    const asked: unknown[] = [];
    const api = { controls: async (one: unknown) => asked.push(one) };
    const now = state({ connections: [{ ...pg, state: 'requestable' }] });
    expect((await hoop(['show', 'pg-prod'], { api: api as never, now })).code).toBe(0);
    await show(api, ['--as', 'dsn']);
    expect(asked).toEqual([]);
  });
});
