import type { Reading, Verdict } from '@hoop/core';
import { readingOf } from '@hoop/testkit/conformance';
import { describe, expect, test } from 'vitest';
import {
  expressionFault,
  GUARDRAIL_PACKS,
  type Guardrail,
  type GuardrailPackUse,
  Guardrails,
  SEARCHED,
} from '../src/index.js';

const SCOPE = { connection: 'pg-prod', groups: ['dba'], masked: false };

/** A command that does nothing but what the test says. */
const command = (kind: string, facts: Partial<Reading> = {}): Reading => readingOf({ kind, ...facts });
const reads = (name: string) => ({ name, does: 'read' as const });
const writes = (name: string) => ({ name, does: 'write' as const });
const defines = (name: string) => ({ name, does: 'define' as const });

const select = command('select', { relations: [reads('public.orders')], columns: ['public.orders.total'] });
const drop = command('drop table', { class: 'define', relations: [defines('public.orders')], traits: ['destroys'] });
const wipe = command('delete', { class: 'write', relations: [writes('public.orders')], unbounded: true });
const chosen = command('update', { class: 'write', relations: [writes('public.orders'), reads('public.orders')] });
const grant = command('grant', { class: 'administer', traits: ['privileges'] });
const file = command('copy from', { class: 'write', traits: ['server-files'], relations: [writes('public.orders')] });
const setRole = command('set', { class: 'administer', traits: ['session'] });
const opaque = command('select', {
  class: 'unknown',
  unknown: 'it calls public.purge, which may write',
  functions: ['public.purge'],
  traits: ['code'],
});
const unparsable = command('unparsable', { class: 'unknown', unknown: 'syntax error at 1' });

const own = (...rules: Partial<Guardrail>[]): Guardrail[] =>
  rules.map((rule, at) => ({ name: `own-${at + 1}`, then: 'deny', ...rule }));
const everyPack: GuardrailPackUse[] = GUARDRAIL_PACKS.map((pack) => ({ pack }));

function judge(
  options: { packs?: GuardrailPackUse[]; rules?: Guardrail[] },
  readings: Reading[],
  scope = {},
  text = 'text',
) {
  const { packs = [], rules = [] } = options;
  const flow = new Guardrails({ packs, rules }).for({ ...SCOPE, ...scope });
  return flow.judge({ kind: 'statement', text, class: 'unknown', readings });
}
/** `allow`, `warn x`, `observe x`, or the rule that refuses. */
function told(verdict: Verdict): string {
  if (!verdict.allow) return verdict.rule;
  return verdict.matched?.map(({ rule, then }) => `${then} ${rule}`).join(', ') ?? 'allow';
}

describe('a pack', () => {
  test.each<[string, Reading, string]>([
    ['lets a read through', select, 'allow'],
    ['lets a chosen write through', chosen, 'allow'],
    ['refuses what destroys', drop, 'destructive-ddl'],
    ['refuses a write of all rows', wipe, 'unbounded-writes'],
    ['refuses privileges', grant, 'privilege-changes'],
    ["refuses the server's files", file, 'server-files'],
    ['refuses another role', setRole, 'session-tampering'],
    ['refuses what was not understood', opaque, 'not-understood'],
    ['refuses what cannot be parsed', unparsable, 'not-understood'],
    ['refuses code for later', command('create rule', { class: 'define', traits: ['code'] }), 'not-understood'],
  ])('%s', (_, reading, rule) => {
    expect(told(judge({ packs: everyPack }, [reading]))).toBe(rule);
  });

  test.each(GUARDRAIL_PACKS)('%s refuses its own and nothing of the others', (pack) => {
    const refused = [select, chosen, drop, wipe, grant, file, setRole].map((one) =>
      told(judge({ packs: [{ pack }] }, [one])),
    );
    expect(refused.filter((rule) => rule !== 'allow')).toEqual([pack]);
  });

  test('says the rule, what the command does, and what helps', () => {
    expect(judge({ packs: everyPack }, [drop])).toEqual({
      allow: false,
      rule: 'destructive-ddl',
      reason: 'refused by guardrail destructive-ddl: DROP TABLE removes public.orders, which cannot be had back',
      hint: expect.stringContaining('migration'),
    });
    expect(judge({ packs: everyPack }, [opaque], { contact: 'carol@shop.example' })).toEqual({
      allow: false,
      rule: 'not-understood',
      unread: true,
      reason:
        'refused by guardrail not-understood: this SELECT was not understood: it calls public.purge, which may write',
      hint: 'How a statement is read: hoop explain. Ask carol@shop.example.',
    });
  });

  test.each([
    ['truncate', [writes('public.orders'), reads('public.orders')], 'TRUNCATE removes public.orders, which cannot be'],
    ['drop schema', [], 'what DROP SCHEMA removes cannot be had back'],
    ['drop schema', ['a', 'b', 'c', 'd'].map(defines), 'DROP SCHEMA removes a, b, c, …, which cannot be had back'],
  ])('names what %s removes: %j', (kind, relations, said) => {
    const verdict = judge({ packs: everyPack }, [command(kind, { relations, traits: ['destroys'] })]);
    expect(verdict).toMatchObject({ reason: expect.stringContaining(said) });
  });

  test('is on where its patterns and groups say', () => {
    const packs: GuardrailPackUse[] = [{ pack: 'destructive-ddl', connections: ['pg-*'], groups: ['support', 'dba'] }];
    expect(told(judge({ packs }, [drop]))).toBe('destructive-ddl');
    expect(told(judge({ packs }, [drop], { connection: 'my-prod' }))).toBe('allow');
    expect(told(judge({ packs }, [drop], { groups: ['admin'] }))).toBe('allow');
    const names = (connection: string) => new Guardrails({ packs, rules: [] }).names(connection);
    expect([names('pg-dev'), names('my-prod')]).toEqual([
      [{ name: 'destructive-ddl', groups: ['support', 'dba'] }],
      [],
    ]);
  });
});

describe('what was not understood', () => {
  test.each<[string, { packs?: GuardrailPackUse[]; rules?: Guardrail[] }, object, string]>([
    ['passes where nothing is on', {}, {}, 'allow'],
    ['passes where things are only watched', { rules: own({ kinds: ['drop *'], then: 'warn' }) }, {}, 'allow'],
    ['is refused beside a pack', { packs: [{ pack: 'server-files' }] }, {}, 'not-understood'],
    ['is refused beside a mask', {}, { masked: true }, 'not-understood'],
    ['is refused beside a rule that refuses', { rules: own({ relations: ['hr.*'] }) }, {}, 'not-understood'],
    [
      'passes by a rule for it',
      { packs: everyPack, rules: own({ classes: ['unknown'], then: 'observe' }) },
      {},
      'observe own-1',
    ],
    ['passes by no rule for all', { packs: everyPack, rules: own({ then: 'observe' }) }, {}, 'not-understood'],
    [
      'passes by a rule for it and its function',
      { packs: everyPack, rules: own({ classes: ['unknown'], functions: ['public.purge'], then: 'warn' }) },
      {},
      'warn own-1',
    ],
    [
      'passes by no rule for another function',
      { packs: everyPack, rules: own({ classes: ['unknown'], functions: ['public.other'], then: 'warn' }) },
      {},
      'not-understood',
    ],
  ])('%s', (_, options, scope, rule) => {
    expect(told(judge(options, [opaque], scope))).toBe(rule);
  });

  test('nor read at all is refused wherever anything is on', () => {
    const statement = { kind: 'statement', text: 'select 1', class: 'read' } as const;
    const flowOf = (rules: Guardrail[]) => new Guardrails({ packs: [], rules }).for(SCOPE);
    expect(flowOf([]).judge(statement)).toEqual({ allow: true });
    expect(flowOf(own({ then: 'observe' })).judge(statement)).toMatchObject({ allow: false, rule: 'not-understood' });
    expect(flowOf(own({ then: 'observe' })).judge({ kind: 'shell-open' })).toMatchObject({ allow: false });
  });
});

describe('a condition of a rule that refuses', () => {
  const joined = command('select', {
    relations: [reads('public.orders'), reads('hr.salaries')],
    columns: ['public.orders.id', 'hr.salaries.amount'],
    functions: ['pg_catalog.int4eq', 'pg_catalog.pg_sleep'],
  });
  test.each<[string, Partial<Guardrail>, Reading, boolean]>([
    ['none at all', {}, select, true],
    ['a kind', { kinds: ['SELECT'] }, select, true],
    ['a pattern of kinds', { kinds: ['drop *'] }, drop, true],
    ['another kind', { kinds: ['drop'] }, drop, false],
    ['a class', { classes: ['write', 'define'] }, drop, true],
    ['another class', { classes: ['write'] }, drop, false],
    ['one relation of two', { relations: ['hr.*'] }, joined, true],
    ['a relation in any schema', { relations: ['salaries'] }, joined, true],
    ['a relation in other letters', { relations: ['HR.Salaries'] }, joined, true],
    ['another relation', { relations: ['hr.people'] }, joined, false],
    ['a part of a name', { relations: ['order'] }, select, false],
    ['a relation and its use', { relations: ['public.orders'], uses: ['write'] }, chosen, true],
    ['a relation, otherwise used', { relations: ['public.orders'], uses: ['write', 'define'] }, select, false],
    ['one relation, the other used so', { relations: ['public.items'], uses: ['write'] }, chosen, false],
    ['a use alone', { uses: ['define'] }, drop, true],
    ['a column', { columns: ['hr.salaries.amount'] }, joined, true],
    ['a column by its table', { columns: ['salaries.amount'] }, joined, true],
    ['a column by its end', { columns: ['*.amount'] }, joined, true],
    ['another column', { columns: ['amoun', 'salaries.*.x'] }, joined, false],
    ['a function', { functions: ['pg_catalog.pg_sleep'] }, joined, true],
    ['a function in any schema', { functions: ['pg_sleep*'] }, joined, true],
    ['another function', { functions: ['public.pg_sleep'] }, joined, false],
    ['a trait', { traits: ['privileges', 'destroys'] }, drop, true],
    ['another trait', { traits: ['explains'] }, drop, false],
    ['all rows', { unbounded: true }, wipe, true],
    ['chosen rows', { unbounded: true }, chosen, false],
    ['two, both of which hold', { kinds: ['delete'], relations: ['public.orders'] }, wipe, true],
    ['two, of which one holds', { kinds: ['delete'], relations: ['public.items'] }, wipe, false],
    ['its group', { groups: ['dba'] }, select, true],
    ['another group', { groups: ['support'] }, select, false],
    ['its connection', { connections: ['*-prod'] }, select, true],
    ['another connection', { connections: ['pg'] }, select, false],
    ['its program', { programs: ['psq*'] }, select, true],
    ['another program', { programs: ['pgbench'] }, select, false],
    ['an expression in the text', { matches: '(?i)\\bSECRET\\b' }, select, true],
    ['an expression over lines', { matches: 'a.secret' }, select, true],
    ['an expression that is not there', { matches: '^secret' }, select, false],
  ])('%s', (_, rule, reading, holds) => {
    const verdict = judge({ rules: own(rule) }, [reading], { program: 'psql' }, 'a\nsecret');
    expect(told(verdict)).toBe(holds ? 'own-1' : 'allow');
  });

  test('on the program holds where none could be told, and says so; one that lets through does not', () => {
    for (const program of [undefined, '']) {
      const verdict = judge({ rules: own({ programs: ['psql', 'pg*'] }) }, [select], { program });
      expect(verdict).toMatchObject({ rule: 'own-1', hint: expect.stringContaining('psql, pg*; which program') });
      expect(told(judge({ rules: own({ programs: ['*'], then: 'hold' }) }, [select], { program }))).toBe('own-1');
      expect(told(judge({ rules: own({ programs: ['*'], then: 'observe' }) }, [select], { program }))).toBe('allow');
    }
    const known = judge({ rules: own({ programs: ['psql'] }) }, [select], { program: 'psql' });
    expect(known).not.toHaveProperty('hint');
  });

  test('on the program is listed, whichever program asks', () => {
    const rules = own({ programs: ['psql'] }, { programs: ['x'], then: 'observe' }, { then: 'hold' });
    expect(new Guardrails({ packs: [], rules }).listed(SCOPE)).toEqual([
      { name: 'own-1', then: 'deny', programs: ['psql'] },
      { name: 'own-2', then: 'observe', programs: ['x'] },
      { name: 'own-3', then: 'hold' },
      expect.objectContaining({ name: 'not-understood' }),
    ]);
  });

  test('on the text holds for a text too long to be searched; one that lets through does not', () => {
    const text = 'x'.repeat(SEARCHED + 1);
    expect(told(judge({ rules: own({ matches: 'y' }) }, [select], {}, text))).toBe('own-1');
    expect(told(judge({ rules: own({ matches: 'x', then: 'observe' }) }, [select], {}, text))).toBe('allow');
  });
});

describe('a rule that lets through', () => {
  const both = command('drop table', { ...drop, relations: [defines('public.scratch'), defines('public.orders')] });
  const scratch = command('drop table', { ...drop, relations: [defines('public.scratch')] });
  const fill = command('insert', {
    class: 'write',
    relations: [writes('public.scratch')],
    functions: ['pg_catalog.pg_read_file'],
    traits: ['server-files'],
  });
  const emptied = command('delete', { ...wipe, relations: [writes('public.scratch')] });
  test.each<[string, Partial<Guardrail>, Reading, string]>([
    ['does, before the packs', { relations: ['public.scratch'] }, scratch, 'observe own-1'],
    ['covers all rows of its relation', { relations: ['public.scratch'] }, emptied, 'observe own-1'],
    ['names all relations, or none', { relations: ['public.scratch'] }, both, 'destructive-ddl'],
    ['names it by the letter', { relations: ['public.Scratch'] }, scratch, 'destructive-ddl'],
    ['names all uses', { relations: ['public.scratch'], uses: ['write'] }, scratch, 'destructive-ddl'],
    ['covers no server file beside it', { relations: ['public.scratch'] }, fill, 'server-files'],
    ['covers what it names', { relations: ['public.scratch'], traits: ['server-files'] }, fill, 'observe own-1'],
    ['for all covers nothing dangerous', {}, drop, 'destructive-ddl'],
    ['for all covers no write of all rows', {}, wipe, 'unbounded-writes'],
    ['for all rows covers them', { unbounded: true }, wipe, 'observe own-1'],
    ['by a kind covers nothing dangerous', { kinds: ['drop table'] }, drop, 'destructive-ddl'],
    ['by a trait covers it', { traits: ['destroys'] }, drop, 'observe own-1'],
    ['for all puts the rest on record', {}, select, 'observe own-1'],
    ['by relations is none for what has no relation', { relations: ['*'] }, grant, 'privilege-changes'],
    ['by functions names all', { functions: ['pg_catalog.*'], traits: ['server-files'] }, fill, 'observe own-1'],
    ['by columns is none for what has none', { columns: ['*'] }, chosen, 'allow'],
  ])('%s', (_, rule, reading, result) => {
    expect(told(judge({ packs: everyPack, rules: own({ ...rule, then: 'observe' }) }, [reading]))).toBe(result);
  });
});

describe('the order', () => {
  test('is the first of the operator that holds, then the packs in theirs', () => {
    const rules = own({ kinds: ['drop *'], traits: ['destroys'], then: 'warn' }, { kinds: ['drop table'] });
    expect(told(judge({ packs: everyPack, rules }, [drop]))).toBe('warn own-1');
    expect(told(judge({ packs: everyPack, rules: rules.toReversed() }, [drop]))).toBe('own-2');
    const all = command('drop role', { traits: ['session', 'privileges', 'destroys'] });
    const packs = everyPack.toReversed();
    expect(told(judge({ packs }, [all]))).toBe('destructive-ddl');
  });

  test('of a message with several commands is the strictest', () => {
    const rules = own(
      { kinds: ['select'], then: 'observe' },
      { kinds: ['update'], then: 'warn', message: 'mind the rows', hint: 'look twice' },
      { kinds: ['insert'], then: 'hold' },
      { kinds: ['delete'], then: 'deny' },
    );
    const insert = command('insert', { class: 'write' });
    const verdictOf = (...readings: Reading[]) => judge({ rules }, readings);
    expect(verdictOf(select, chosen)).toEqual({
      allow: true,
      matched: [
        { rule: 'own-1', then: 'observe' },
        { rule: 'own-2', then: 'warn' },
      ],
      notices: [{ severity: 'warning', message: 'guardrail own-2: mind the rows', hint: 'look twice' }],
    });
    expect(told(verdictOf(chosen, insert, select))).toBe('own-3');
    expect(told(verdictOf(insert, select, command('delete')))).toBe('own-4');
    expect(told(verdictOf(select, command('values')))).toBe('observe own-1');
  });
});

test.each<[string, Partial<Guardrail>, object]>([
  ['deny', {}, { reason: 'refused by guardrail own-1: pg-prod does not allow this SELECT', hint: 'Ask carol.' }],
  [
    'hold',
    { then: 'hold' },
    {
      reason: expect.stringMatching(/needs a review on pg-prod$/),
      hint: expect.stringMatching(/^Nobody can be asked .* Ask carol\.$/),
    },
  ],
  ['with words of its own', { message: 'no', hint: 'why' }, { reason: 'refused by guardrail own-1: no', hint: 'why' }],
])('a rule says what it is: %s', (_, rule, expected) => {
  expect(judge({ rules: own(rule) }, [select], { contact: 'carol' })).toMatchObject(expected);
});

test('those that are on are listed in the order in which they are asked', () => {
  const rules = own({ then: 'warn' }, { connections: ['web'] });
  const flow = new Guardrails({ packs: everyPack.toReversed(), rules }).for(SCOPE);
  expect(flow.listed.map(({ name }) => name)).toEqual(['own-1', ...GUARDRAIL_PACKS, 'not-understood']);
  expect(new Guardrails({ packs: [], rules }).for(SCOPE).listed).toEqual([{ name: 'own-1', then: 'warn' }]);
});

test.each([
  ['a(b', /missing/],
  ['(a)\\1', /escape/],
  ['(?=a)', /Perl/],
  ['a{1001}', /repeat/],
])('an expression that RE2 has not is told as that: %s', (source, why) => {
  expect(expressionFault(source)).toMatch(why);
  expect(expressionFault('a+')).toBeUndefined();
});
