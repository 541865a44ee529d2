import { ApiError } from '@hoop/contracts/http';
import type { Statement, Verdict } from '@hoop/core';
import type { Read } from '@hoop/session';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tally } from '../src/record/tally.js';
import { Guard } from '../src/tunnel/guard.js';
import type { LiveFlow } from '../src/tunnel/live.js';
import { ALICE, BOB, flowHead, type Laptop, type Person } from './laptop.js';
import { Rig, sessions } from './rig.js';

const guardrails = {
  packs: [{ pack: 'destructive-ddl', connections: ['pg-*'] }],
  rules: [
    { name: 'seen', connections: ['pg-*'], relations: ['public.orders'], uses: ['read'], then: 'observe' },
    { name: 'careful', connections: ['pg-*'], kinds: ['update'], then: 'warn', message: 'mind the rows' },
    { name: 'for-dba', connections: ['pg-*'], groups: ['dba'], kinds: ['vacuum'], then: 'deny' },
  ],
};
const masks = { packs: [{ pack: 'pii', connections: ['pg-*'] }] };
const reading = {
  kind: 'select',
  class: 'read' as const,
  relations: [{ name: 'public.orders', does: 'read' as const }],
  columns: ['public.orders.id'],
  functions: [],
  unbounded: false,
  traits: [],
  outputs: [{ name: 'id', columns: ['public.orders.id'], exact: true }],
  predicates: [],
  stores: [],
  literals: [],
  bound: [],
};
const drop = {
  ...reading,
  kind: 'drop table',
  class: 'define' as const,
  relations: [{ name: 'public.orders', does: 'define' as const }],
  traits: ['destroys' as const],
  outputs: [],
};

describe('what is controlled', () => {
  let rig: Rig;
  let alice: Laptop;
  let bob: Laptop;
  const read: { database: string; text: string }[] = [];
  let answer: Read = { ok: true, readings: [reading] };

  beforeAll(async () => {
    const reads = {
      ...sessions(),
      read: async (_: unknown, database: string, text: string) => {
        read.push({ database, text });
        return answer;
      },
    };
    rig = await Rig.start({ guardrails }, reads);
    const someone = async (person: Person) => {
      const laptop = rig.laptop();
      await laptop.login(rig.idp, person);
      return laptop;
    };
    [alice, bob] = [await someone(ALICE), await someone(BOB)];
  });
  afterAll(() => rig.stop());

  const explain = (text: string, name = 'pg-prod', laptop = alice, database?: string) =>
    laptop.api().explain({ name, body: { text, database } });

  test('is told to who may open it', async () => {
    const { guardrails: on, masks } = await alice.api().controls({ name: 'pg-prod' });
    expect(on.map(({ name, then }) => [name, then])).toEqual([
      ['seen', 'observe'],
      ['careful', 'warn'],
      ['for-dba', 'deny'],
      ['destructive-ddl', 'deny'],
      ['not-understood', 'deny'],
    ]);
    expect(masks).toEqual([]);
    expect(await alice.api().controls({ name: 'echo' })).toEqual({ guardrails: [], masks: [] });
  });

  test('is explained of a statement, which is read and not run; that is a look', async () => {
    answer = { ok: true, readings: [reading] };
    expect(await explain('select id from orders')).toEqual({
      connection: 'pg-prod',
      database: 'shop',
      verdict: 'allow',
      notices: [],
      commands: [
        expect.objectContaining({
          kind: 'select',
          guardrail: expect.objectContaining({ rule: 'seen', then: 'observe' }),
          outputs: [{ name: 'id', columns: ['public.orders.id'], exact: true }],
        }),
      ],
    });
    expect(read.at(-1)).toEqual({ database: 'shop', text: 'select id from orders' });
    const [look] = await rig.audited('connection-explained');
    expect(look).toMatchObject({ person: ALICE.email, connection: 'pg-prod' });
    expect(JSON.stringify(await rig.record())).not.toContain('select id from orders');
  });

  test('is explained of masked columns: the mask, where it comes from, and what may not be asked', async () => {
    const outputs = [
      { name: 'mail', columns: ['public.customers.email'], exact: true },
      { name: 'text', columns: ['public.orders.note'], exact: true },
      { name: 'any', columns: [], exact: false, opaque: 'it was not understood' },
    ];
    answer = { ok: true, readings: [{ ...reading, relations: [], outputs }] };
    rig.gateway.reload(rig.config({ guardrails, masks }));
    expect((await explain('x')).commands[0]?.outputs).toEqual([
      { ...outputs[0], mask: { rule: 'pii', way: 'redact' } },
      { ...outputs[1], searched: true },
      { ...outputs[2], mask: { rule: 'unread', way: 'redact' } },
    ]);
    const predicates = [{ column: 'public.customers.email', how: 'range' as const }];
    answer = { ok: true, readings: [{ ...reading, predicates }] };
    expect(await explain('x')).toMatchObject({
      verdict: 'deny',
      rule: 'pii',
      reason: expect.stringContaining('masked'),
    });
    const shown = await alice.api().controls({ name: 'pg-prod' });
    expect(shown.masks[0]).toMatchObject({ name: 'pii', way: 'redact', exempt: false });
    rig.gateway.reload(rig.config({ guardrails, masks: { ...masks, exempt: ['dba'] } }));
    expect((await alice.api().controls({ name: 'pg-prod' })).masks[0]).toMatchObject({ exempt: true });
    expect(await explain('x')).toMatchObject({ verdict: 'allow' });
    rig.gateway.reload(rig.config({ guardrails }));
  });

  test('is explained with the rule that refuses; one that cannot be told of is null', async () => {
    answer = { ok: true, readings: [reading, { ...drop, outputs: undefined }] };
    expect(await explain('select 1; drop table orders')).toMatchObject({
      verdict: 'deny',
      rule: 'destructive-ddl',
      reason: expect.stringContaining('DROP TABLE removes public.orders'),
      hint: expect.stringContaining('migration'),
      commands: [{ kind: 'select' }, { kind: 'drop table', guardrail: { then: 'deny' }, outputs: null }],
    });
    expect((await rig.audited('connection-explained')).at(-1)).toMatchObject({ rule: 'destructive-ddl' });
  });

  test('is told of no connection that the person may not open, and a hidden one is like none', async () => {
    const before = read.length;
    const failure = async (asked: Promise<unknown>) => {
      const error = (await asked.catch((caught: unknown) => caught)) as Error;
      expect(error).toBeInstanceOf(ApiError);
      return { ...error, message: error.message.replace(/(gone|hidden)$/, 'NAME') };
    };
    const gone = await failure(explain('select 1', 'gone'));
    expect(gone).toMatchObject({ status: 404, code: 'unknown-connection' });
    expect(await failure(explain('select 1', 'hidden'))).toEqual(gone);
    expect(await failure(alice.api().controls({ name: 'hidden' }))).toEqual(gone);
    expect(await failure(explain('select 1', '__proto__'))).toMatchObject({ status: 404 });
    expect(await failure(explain('select 1', 'pg-prod', bob))).toMatchObject({ status: 403, code: 'not-granted' });
    expect(await failure(bob.api().controls({ name: 'pg-prod' }))).toMatchObject({ status: 403 });
    expect(await failure(explain('select 1', 'pg-prod', alice, 'other'))).toMatchObject({ hint: 'it has: shop' });
    expect(await failure(explain('x', 'echo'))).toMatchObject({ status: 422, code: 'not-readable' });
    expect(await failure(explain('x'.repeat(100_001)))).toMatchObject({ status: 400 });
    expect(read.length).toBe(before);
  });

  test('cannot be explained without the upstream: that is said', async () => {
    answer = { ok: false, refusal: { code: 'upstream-unreachable', message: 'it is away', hint: 'later' } };
    await expect(explain('select 1')).rejects.toMatchObject({
      status: 503,
      code: 'upstream-unreachable',
      hint: 'later',
    });
  });

  describe('of a live flow', () => {
    const statement = (readings: Statement['readings']): Statement => ({
      kind: 'statement',
      text: 'x',
      class: 'unknown',
      ...(readings && { readings }),
    });
    const flowOf = (groups: string[]): LiveFlow => ({
      ...{ session: '7kq2', identity: { subject: ALICE.sub, email: ALICE.email, groups }, loginId: '1' },
      ...{
        connection: 'pg-prod',
        port: 5432,
        roles: [],
        leaseUntil: 0,
        tally: new Tally(),
        abort: new AbortController(),
      },
    });
    const ruleOf = (told: Verdict) => {
      return told.allow ? (told.matched?.map(({ rule }) => rule).join() ?? 'allow') : told.rule;
    };

    test('is what the configuration in force says, and the groups of now', () => {
      const flow = flowOf(['dba']);
      const { judge } = new Guard(rig.gateway, flow, { name: 'psql' });
      const judged = (readings: Statement['readings']) => ruleOf(judge(statement(readings)));
      const vacuum = { ...reading, kind: 'vacuum', relations: [] };
      expect([judged([drop]), judged([reading]), judged([vacuum])]).toEqual(['destructive-ddl', 'seen', 'for-dba']);
      flow.identity = { ...flow.identity, groups: [] };
      expect(judged([vacuum])).toBe('allow');
      rig.gateway.reload(rig.config());
      expect([judged([drop]), judged(undefined)]).toEqual(['allow', 'allow']);
      rig.gateway.reload(rig.config({ guardrails }));
      expect([judged([drop]), judged(undefined)]).toEqual(['destructive-ddl', 'not-understood']);
    });

    test('is refused once other masks would hold, until it is opened anew', () => {
      const judged = ({ judge }: Guard) => ruleOf(judge(statement([reading])));
      const plain = new Guard(rig.gateway, flowOf(['dba']), undefined);
      expect([plain.masks, judged(plain)]).toEqual([undefined, 'seen']);
      rig.gateway.reload(rig.config({ guardrails, masks }));
      const masked = new Guard(rig.gateway, flowOf(['dba']), undefined);
      expect([judged(plain), judged(masked), masked.masks === undefined]).toEqual(['masks', 'seen', false]);
      rig.gateway.reload(rig.config({ guardrails, masks: structuredClone(masks) }));
      expect(judged(masked)).toBe('seen');
      rig.gateway.reload(rig.config({ guardrails }));
      expect([judged(plain), judged(masked)]).toEqual(['seen', 'masks']);
    });

    test('has to be read where anything goes by what it does', () => {
      const readsOf = (extra: object) => {
        rig.gateway.reload(rig.config(extra));
        return new Guard(rig.gateway, flowOf(['dba']), undefined).reads;
      };
      expect([readsOf({}), readsOf({ masks }), readsOf({ masks: { ...masks, exempt: ['dba'] } })]).toEqual([
        false,
        true,
        false,
      ]);
      expect(readsOf({ guardrails })).toBe(true);
    });

    test('puts what a rule decides into the audit, and counts it', async () => {
      const guard = new Guard(rig.gateway, flowOf(['dba']), undefined);
      const intent = { kind: 'intent', session: '7kq2', action: statement(undefined) } as const;
      guard.decided({ ...intent, number: 1, verdict: 'deny', rule: 'destructive-ddl' });
      guard.decided({ ...intent, number: 2, verdict: 'deny', rule: 'withdrawn' });
      guard.decided({ ...intent, number: 3, verdict: 'allow', matched: [{ rule: 'careful', then: 'warn' }] });
      guard.decided({ ...intent, number: 4, verdict: 'allow', matched: [{ rule: 'seen', then: 'observe' }] });
      const common = { person: ALICE.email, connection: 'pg-prod', session: '7kq2' };
      expect(await rig.audited('statement-refused')).toMatchObject([
        { ...common, statement: 1, rule: 'destructive-ddl' },
      ]);
      expect(await rig.audited('statement-warned')).toMatchObject([{ ...common, statement: 3, rule: 'careful' }]);
      expect(await rig.audited('statement-observed')).toMatchObject([{ ...common, statement: 4, rule: 'seen' }]);
      const counted = await rig.gateway.metrics.registry.metrics();
      expect(counted).toContain('hoop_ruled_total{rule="destructive-ddl",then="deny"} 1');
    });
  });
});

test('a connection whose protocol cannot be read does not open where anything is controlled', async () => {
  const rig = await Rig.start({ guardrails: { packs: ['server-files'] } });
  const alice = rig.laptop();
  await alice.login(rig.idp, ALICE);
  const link = await alice.open(flowHead('echo', 7000));
  link.channel.send(Buffer.from('x'), true);
  await link.until((it) => it.closed !== undefined);
  expect(link.closed).toMatchObject({ code: 'upstream-refused', message: expect.stringContaining('tcp') });
  expect(rig.upstream.sockets.size).toBe(0);
  expect(await rig.audited('flow-refused')).toMatchObject([{ connection: 'echo', code: 'upstream-refused' }]);
  await rig.stop();
});
