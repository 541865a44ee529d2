import type { Action, Dialled, Statement } from '@hoop/core';
import { Playbook, readingOf } from '@hoop/testkit/conformance';
import { describe, expect, test } from 'vitest';
import type { Read } from '../../src/postgres/engine/readings.js';
import { openPostgres } from '../../src/postgres/engine.js';
import { postgres } from '../../src/postgres/index.js';
import { Changes, type Knowledge } from '../../src/postgres/knowledge.js';
import type { Catalogue } from '../../src/postgres/sql/catalogue.js';
import type { ReadingContext, SqlReading } from '../../src/postgres/sql/context.js';
import * as w from './wire.js';

const PLAIN: SqlReading = {
  ...readingOf(),
  from: 0,
  to: 0,
  runs: [],
  setsPath: [],
  executes: [],
  makes: [],
  missing: [],
};

/** A reader of the texts that the test names; what it was told when it read them is kept. */
function reads(readings: Record<string, Partial<SqlReading>>) {
  const seen: { text: string; at: ReadingContext }[] = [];
  const read: Read = (text, at) => {
    seen.push({ text, at: { ...at, prepared: new Map(at.prepared), cursors: new Map(at.cursors) } });
    return [{ ...PLAIN, to: text.length, ...readings[text] }];
  };
  return { seen, read };
}

const known = (version = 1): Knowledge => ({
  catalogue: { version, schemas: new Set(['public', 'sales']) } as unknown as Catalogue,
  mark: { horizon: '', print: '', snapshot: '', stirred: '' },
  changes: new Changes(),
});

interface Options {
  readAside?: (text: string, at: unknown) => Dialled;
  deny?: string;
  unread?: true;
  learned?: (anew: boolean | 'in doubt') => Dialled;
}

function open(read: Read, { deny, unread, learned, readAside }: Options = {}) {
  const judged: Statement[] = [];
  const before = known();
  const judge = (action: Action) => {
    judged.push(action as Statement);
    return (action as Statement).text === deny
      ? ({ allow: false, rule: 'no', reason: 'no', ...(unread && { unread }) } as const)
      : { allow: true as const };
  };
  const play = new Playbook(
    { ...postgres, open: (flow) => openPostgres(flow, read) },
    {
      reads: true,
      dialled: {
        ok: true,
        greeting: { ...((w.READY as Dialled & { ok: true }).greeting as object), path: [['public']] },
      },
      learned: learned ?? (() => ({ ok: true, greeting: before })),
      judge,
      ...(readAside === undefined ? {} : { readAside }),
    },
  );
  play.client(w.HELLO);
  return { play, judged, before };
}

const answer = (tag: string, status: 'I' | 'T' = 'I') => w.all(w.complete(tag), w.ready(status));

describe('a flow that reads', () => {
  test('does not open where nothing can be learned', () => {
    const { play } = open(reads({}).read, {
      learned: () => ({ ok: false, refusal: { code: 'upstream-unreachable', message: 'gone' } }),
    });
    expect(play.stage.heard.map((one) => one.do)).toEqual(['learn', 'refuse', 'send']);
  });

  test.each([
    ['standard_conforming_strings', 'off'],
    ['client_encoding', 'SJIS'],
    ['options', '-c session_replication_role=replica'],
    ['options', '--standard-conforming-strings=off'],
    ['options', '-cclient_encoding=big5'],
    ['options', '-c role\\ x=1'],
    ['role', 'postgres'],
    ['Session_Authorization', 'postgres'],
  ])('does not open with %s = %s', (name, value) => {
    const play = new Playbook(postgres, { reads: true, dialled: w.READY as Dialled });
    play.client(w.startup({ user: 'alice', [name]: value }));
    expect(play.stage.heard.map((one) => one.do)).toEqual(['refuse', 'send']);
  });

  test('opens with settings that change nothing', () => {
    const play = new Playbook(postgres, { reads: true, dialled: w.READY as Dialled });
    play.client(
      w.startup({ user: 'alice', options: '-c statement_timeout=5s --DateStyle=ISO', client_encoding: 'utf-8' }),
    );
    expect(play.stage.heard.map((one) => one.do)).toContain('dial');
  });

  test('ends when the server says that a pinned setting has changed', () => {
    const { play } = open(reads({}).read);
    play.client(w.query('select f()')).upstream(w.setting('standard_conforming_strings', 'off'));
    expect(play.stage.heard.at(-2)).toMatchObject({ do: 'refuse', refusal: { native: '0A000' } });
  });

  test('judges each statement with its readings', () => {
    const { play, judged } = open(reads({ 'select 1': { kind: 'one' } }).read);
    play.client(w.query('select 1'));
    expect(judged[0]?.readings).toMatchObject([{ kind: 'one' }]);
  });

  test('has long texts read aside, and reads them as too long where that fails', () => {
    const long = `select ${'1,'.repeat(5_000)}1`;
    const { read, seen } = reads({});
    const asked: unknown[] = [];
    const readAside = (text: string, at: unknown): Dialled => {
      asked.push({ text, paths: (at as ReadingContext).paths });
      return asked.length > 1
        ? { ok: false, refusal: { code: 'internal', message: 'late' } }
        : { ok: true, greeting: [{ ...PLAIN, kind: 'aside', to: text.length }] };
    };
    const { play, judged } = open(read, { readAside });
    play.client(w.query(long)).upstream(answer('SELECT 1'));
    expect(judged[0]?.readings).toMatchObject([{ kind: 'aside' }]);
    expect(asked).toEqual([{ text: long, paths: [['public']] }]);
    expect(seen).toEqual([]);
    play.client(w.query(long)).upstream(answer('SELECT 1'));
    expect(judged[1]?.readings).toMatchObject([{ kind: 'aside' }]);
    expect(asked).toHaveLength(1);
    const other = `${long} `;
    play.client(w.query(other)).upstream(answer('SELECT 1'));
    expect(judged[2]?.readings).toMatchObject([{ kind: 'select' }]);
    play.client(w.query('select 1'));
    expect(asked).toHaveLength(2);
    expect(seen.map(({ text }) => text)).toEqual([other, 'select 1']);
  });

  test('has what turns out to take long read aside, once as long as nothing changes', () => {
    const text = 'select much';
    const { read, seen } = reads({ [text]: { kind: 'unparsable', class: 'unknown', long: true } });
    const asked: string[] = [];
    const readAside = (one: string): Dialled => {
      asked.push(one);
      return { ok: true, greeting: [{ ...PLAIN, kind: 'aside' }] };
    };
    const { play, judged } = open(read, { readAside });
    for (let count = 0; count < 2; count++) play.client(w.query(text)).upstream(answer('SELECT 1'));
    expect(judged.map(({ readings }) => readings?.[0]?.kind)).toEqual(['aside', 'aside']);
    expect([asked, seen.map((one) => one.text)]).toEqual([[text], [text]]);
    const failing = open(read, { readAside: () => ({ ok: false, refusal: { code: 'internal', message: 'late' } }) });
    failing.play.client(w.query(text));
    expect(failing.judged[0]?.readings).toMatchObject([{ class: 'unknown' }]);
  });

  test('reads what Parse defines as it is, and counts its literals in the text that is on record', () => {
    const { read, seen } = reads({ 'select $1': { literals: [{ column: 'public.t.a', from: 2, to: 4 }] } });
    const { play, judged } = open(read);
    play.client(w.all(w.parse('s', 'select $1'), w.sync));
    expect(seen[0]?.text).toBe('select $1');
    const by = 'PREPARE "s" AS '.length;
    expect(judged[0]?.readings?.[0]?.literals).toEqual([{ column: 'public.t.a', from: 2 + by, to: 4 + by }]);
  });

  test('keeps every search_path that was allowed, and drops what was denied', () => {
    const { read, seen } = reads({
      'set search_path = sales': { setsPath: [['sales']] },
      'set search_path = evil': { setsPath: [['evil']] },
      'select f()': { setsPath: 'unknown' },
    });
    const { play } = open(read, { deny: 'set search_path = evil' });
    play.client(w.query('set search_path = evil')).upstream(w.all(w.error('34000', 'x'), w.ready()));
    play.client(w.query('set search_path = sales')).upstream(answer('SET'));
    play.client(w.query('select 1')).upstream(answer('SELECT 0'));
    expect(seen.at(-1)?.at.paths).toEqual([['public'], ['sales']]);
    play.client(w.query('select f()')).upstream(answer('SELECT 0'));
    play.client(w.query('select 1'));
    expect(seen.at(-1)?.at.paths).toEqual([['public'], ['sales']]);
  });

  test('knows every text that a name may stand for, until the server confirms a new one', () => {
    const { read, seen } = reads({
      'prepare s as select 1': { prepares: { name: 's', text: 'select 1' } },
      'declare c cursor for select 3': { declares: { name: 'c', text: 'select 3' } },
      'execute s': { executes: ['s'] },
      'fetch c': { executes: ['c'] },
    });
    const { play } = open(read);
    const last = () => seen.at(-1)?.at;
    play.client(w.query('prepare s as select 1')).upstream(answer('PREPARE'));
    play.client(w.all(w.close('S', 's'), w.parse('s', 'select 2'), w.sync));
    play.client(w.query('execute s'));
    expect(last()?.prepared?.get('s')).toEqual(['select 1', 'select 2']);
    play.upstream(w.all(w.closed, w.parsed, w.ready(), answer('SELECT 1')));
    play.client(w.query('execute s'));
    expect(last()?.prepared?.get('s')).toEqual(['select 2']);
    play.upstream(answer('SELECT 1')).client(w.query('declare c cursor for select 3')).client(w.query('fetch c'));
    expect(last()?.cursors?.get('c')).toEqual(['select 3']);
  });

  test('takes what it made for changed until a load after its transaction has seen it', () => {
    const make = { makes: [{ what: 'other', name: 'v' }] } as const;
    const { read, seen } = reads({
      'create view v': make,
      'select from v': { relations: [{ name: 'public.v', does: 'read' }] },
    });
    const changes = new Changes();
    const loads: unknown[] = [];
    const learned = (anew: boolean | 'in doubt'): Dialled => {
      loads.push(anew);
      if (anew) changes.seen(changes.clock);
      return { ok: true, greeting: { ...known(), changes } satisfies Knowledge };
    };
    const { play } = open(read, { learned });
    play.client(w.query('begin')).upstream(answer('BEGIN', 'T'));
    play.client(w.query('create view v')).upstream(answer('CREATE VIEW', 'T'));
    play.client(w.query('select from v')).upstream(answer('SELECT 0', 'T'));
    expect(seen.at(-1)?.at.made).toEqual(make.makes);
    expect(loads).not.toContain(true);
    play.client(w.query('commit')).upstream(answer('COMMIT'));
    play.client(w.query('select 1')).upstream(answer('SELECT 0'));
    expect(loads).not.toContain(true);
    play.client(w.query('select from v'));
    expect(loads.at(-1)).toBe(true);
    expect(seen.at(-1)?.at.made).toEqual([]);
  });

  test('answers nothing clear while its transaction may have changed anything', () => {
    const { read } = reads({ 'do $$ $$': { class: 'unknown', traits: ['code'] } });
    const { play, judged } = open(read);
    play.client(w.query('begin')).upstream(answer('BEGIN', 'T'));
    play.client(w.query('do $$ $$')).upstream(answer('DO', 'T'));
    play.client(w.query('select 1'));
    expect(judged.at(-1)?.readings?.[0]?.outputs).toBeUndefined();
  });

  describe('what the server could not begin', () => {
    const fails = { code: '42P01', message: 'relation "t" does not exist', at: 12 };
    const codeOf = (learned?: Options['learned'], before?: string): string => {
      const { read } = reads({
        'select from t': { missing: ['t'], class: 'unknown', fails },
        'do $$ $$': { class: 'unknown', traits: ['code'] },
      });
      const { play } = open(read, { deny: 'select from t', unread: true, ...(learned !== undefined && { learned }) });
      if (before !== undefined) play.client(w.query('begin')).upstream(answer('BEGIN', 'T'));
      if (before !== undefined) play.client(w.query(before)).upstream(answer('DO', 'T'));
      play.client(w.query('select from t')).upstream(w.all(w.error('34000', 'x'), w.ready()));
      const sent = Buffer.concat(
        play.stage.heard.flatMap((one) => (one.do === 'send' && one.to === 'client' ? one.bytes : [])),
      );
      return /C(\d\w{4})\0M([^\0]*)\0(?:P(\d+))?/.exec(sent.toString('latin1'))?.slice(1).join(' ') ?? '';
    };

    test('is denied in its words', () => {
      expect(codeOf()).toBe('42P01 relation "t" does not exist 13');
    });
    test('but not where the catalogue may be old, or anything may have been made', () => {
      const old: Options['learned'] = (anew) =>
        anew
          ? { ok: false, refusal: { code: 'upstream-unreachable', message: 'gone' } }
          : { ok: true, greeting: known() };
      expect(codeOf(old)).toBe('42501 no ');
      expect(codeOf(undefined, 'do $$ $$')).toBe('42501 no ');
    });
  });

  test('learns anew, as far as time allows, for a name that is missing', () => {
    const { read } = reads({ 'select from t': { missing: ['t'] } });
    const loads: unknown[] = [];
    const same = known();
    const { play } = open(read, {
      learned: (anew) => {
        loads.push(anew);
        return { ok: true, greeting: same };
      },
    });
    play.client(w.query('select from t')).upstream(answer('SELECT 0'));
    play.client(w.query('select from t')).upstream(answer('SELECT 0'));
    expect(loads).toEqual([false, false, 'in doubt', false, 'in doubt']);
  });
});
