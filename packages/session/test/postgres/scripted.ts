import type { Judge } from '@hoop/controls';
import { concat, type Note, type Verdict } from '@hoop/core';
import fc from 'fast-check';
import * as w from '../../../protocols/test/postgres/wire.js';

/** What the controls will say to a statement: it stands in a comment of its text. */
export type Mark = 'allow' | 'deny' | 'late-allow' | 'late-deny' | 'slow-allow' | 'slow-deny' | 'note' | 'deny-note';
const MARKS: readonly Mark[] = [
  'allow',
  'deny',
  'late-allow',
  'late-deny',
  'slow-allow',
  'slow-deny',
  'note',
  'deny-note',
];
export const isDenied = (text: string): boolean => /\/\*(late-|slow-)?deny/.test(text);

export const NOTE: Note = { severity: 'notice', message: 'mind the step' };

/** Decides as the mark says. `slow` is longer than a driver waits for all verdicts of a chunk. */
export const scripted: Judge = (action, _, say) => {
  const text = 'text' in action ? action.text : '';
  const mark = (/\/\*([a-z-]+)\*\//.exec(text)?.[1] ?? 'allow') as Mark;
  const notices = mark.endsWith('note') ? { notices: [NOTE] } : {};
  const verdict: Verdict = isDenied(text)
    ? { allow: false, rule: 'scripted', reason: 'refused by the script', ...notices }
    : { allow: true, ...notices };
  if (mark.startsWith('late')) return new Promise((resolve) => setTimeout(resolve, 2, verdict));
  if (mark.startsWith('slow')) say(NOTE);
  if (mark.startsWith('slow')) return new Promise((resolve) => setTimeout(resolve, 70, verdict));
  return verdict;
};

const SQL = [
  'insert into t values ($id, $mark)',
  'insert into t values ($id, $mark)',
  'insert into t values ($id, $mark)',
  "update t set v = v || '+'",
  'delete from t where id % 3 = 0',
  'select generate_series(1, 3)',
  'select count(*) from t',
  'select 1/(select count(*) from t where false)',
  'select from nowhere',
  'syntax error',
  'begin',
  'begin',
  'commit',
  'rollback',
  'savepoint a',
  'rollback to a',
  'release a',
  'copy (select generate_series(1, 2)) to stdout',
  'copy t from stdin',
  'declare c cursor for select 1',
  'fetch 1 from c',
  'close all',
  'prepare q as select 5',
  'deallocate all',
] as const;
export interface Asked {
  sql: number;
  mark: Mark;
}
export type Step =
  | { kind: 'query'; parts: Asked[] }
  | { kind: 'run'; asked: Asked; named: boolean; portal: boolean; describe: boolean; most: number }
  | { kind: 'again'; which: number; most: number }
  | { kind: 'rebind'; which: number }
  | { kind: 'close'; which: number; of: 'S' | 'P' }
  | { kind: 'sync' }
  | { kind: 'flush' };
/** Steps that are sent in one go; then all answers are awaited. */
export interface Case {
  turns: { steps: Step[]; piece: number }[];
  output: boolean;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  sql: fc.nat(SQL.length - 1),
  mark: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Mark>('allow') },
    { weight: 4, arbitrary: fc.constantFrom(...MARKS) },
  ),
});
const which = fc.nat(7);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('query' as const),
      parts: fc.array(asked, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      asked,
      named: fc.boolean(),
      portal: fc.boolean(),
      describe: fc.boolean(),
      most: fc.constantFrom(0, 0, 1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), which, most: fc.constantFrom(0, 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rebind' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('close' as const),
      which,
      of: fc.constantFrom('S' as const, 'P' as const),
    }),
  },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'sync' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'flush' }) },
);
export const cases: fc.Arbitrary<Case> = fc.record({
  turns: fc.array(
    fc.record({
      steps: fc.array(step, { minLength: 1, maxLength: 7 }),
      piece: fc.constantFrom(1 << 20, 1 << 20, 40, 11),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  output: fc.boolean(),
});

const COPY_IN = SQL.indexOf('copy t from stdin');
/** The server asks for a COPY's lines while their end, which was read already, waits beside a statement that is judged slowly. */
const END_HELD: Step[] = [
  { kind: 'run', asked: { sql: COPY_IN, mark: 'slow-allow' }, named: false, portal: true, describe: true, most: 1 },
  { kind: 'query', parts: [{ sql: SQL.indexOf('begin'), mark: 'slow-deny' }] },
];
/** What has gone wrong once. */
export const FOUND: [Case][] = [true, false].map((output) => [{ turns: [{ steps: END_HELD, piece: 40 }], output }]);

/**
 * A case as messages: what goes through hoop, and what a client would have sent straight to the server whose refused
 * statements fail there by themselves. A turn ends with an empty query, whose answer no other has.
 */
export class Writer {
  /** The server does not take a Query into a pipeline: a Sync stands before each. */
  readonly #syncs: boolean;
  #id = 0;
  #names = 0;
  readonly #statements: { name: string; text: string }[] = [];
  readonly #portals: { name: string; text: string }[] = [];
  /** Ids that only a refused statement would have inserted. */
  readonly refused: number[] = [];

  constructor(syncs: boolean) {
    this.#syncs = syncs;
  }

  turn(steps: readonly Step[]): { through: Uint8Array; direct: Uint8Array } {
    const both = steps.map((one) => this.#step(one));
    const end = [w.sync, w.query('')];
    return {
      through: concat([...both.map(([through]) => through), ...end]),
      direct: concat([...both.map(([, direct]) => direct), ...end]),
    };
  }

  #step(step: Step): [through: Uint8Array, direct: Uint8Array] {
    switch (step.kind) {
      case 'sync':
        return same(w.sync);
      case 'flush':
        return same(w.flush);
      case 'query':
        return this.#query(step.parts);
      case 'run':
        return this.#run(step);
      case 'again': {
        const portal = this.#portals[step.which];
        return portal === undefined ? same(w.NOTHING) : this.#execute(portal, step.most);
      }
      case 'rebind': {
        const statement = this.#statements[step.which];
        if (statement === undefined) return same(w.NOTHING);
        const [through, direct] = this.#execute({ name: '', text: statement.text }, 0);
        const bind = w.bind('', statement.name);
        return [w.all(bind, through), w.all(bind, direct)];
      }
      case 'close': {
        const name = (step.of === 'S' ? this.#statements : this.#portals)[step.which]?.name;
        return same(name === undefined ? w.NOTHING : w.close(step.of, name));
      }
    }
  }

  #query(parts: readonly Asked[]): [Uint8Array, Uint8Array] {
    const denied = parts.some(({ mark }) => isDenied(`/*${mark}*/`));
    // One message, one verdict: the first mark that says anything.
    const mark = parts.find((one) => isDenied(`/*${one.mark}*/`) === denied)?.mark ?? 'allow';
    const texts = parts.map(({ sql }) => this.#text(sql, mark, denied));
    const text = `/*${mark}*/ ${texts.join('; ')}`;
    const copies = parts.filter(({ sql }) => SQL[sql] === 'copy t from stdin').map(() => this.#lines(denied));
    const rest = concat([w.NOTHING, ...copies]);
    const before = this.#syncs ? w.sync : w.NOTHING;
    return [w.all(before, w.query(text), rest), w.all(before, w.query(denied ? 'fetch 1 from refused' : text), rest)];
  }

  #run({ asked: { sql, mark }, named, portal, describe, most }: Step & { kind: 'run' }): [Uint8Array, Uint8Array] {
    const text = `/*${mark}*/ ${this.#text(sql, mark, isDenied(`/*${mark}*/`))}`;
    this.#names += 1;
    const name = named ? `s${this.#names}` : '';
    const to = portal ? `p${this.#names}` : '';
    if (named) this.#statements.push({ name, text });
    if (portal) this.#portals.push({ name: to, text });
    const [parse, bind] = [w.parse(name, text), w.bind(to, name)];
    const rest = describe ? w.describe('P', to) : w.NOTHING;
    const [through, direct] = this.#execute({ name: to, text }, most);
    // What gets a name is judged, and refused, as it gets it.
    const refused = isDenied(text) ? [named, portal].indexOf(true) : -1;
    const steps = [parse, bind].map((message, at) => (at === refused ? w.execute('refused') : message));
    return [w.all(parse, bind, rest, through), w.all(...steps, rest, direct)];
  }

  #execute({ name, text }: { name: string; text: string }, most: number): [Uint8Array, Uint8Array] {
    const denied = isDenied(text);
    const rest = text.includes('copy t from stdin') ? this.#lines(denied) : w.NOTHING;
    const run = w.execute(name, most);
    return [w.all(run, rest), w.all(denied ? w.execute('refused') : run, rest)];
  }

  #text(sql: number, mark: Mark, denied: boolean): string {
    return (SQL[sql] as string).replace('$id', String(this.#newId(denied))).replace('$mark', `'${mark}'`);
  }

  #lines(denied: boolean): Uint8Array {
    const lines = `${this.#newId(denied)}\tcopied\n${this.#newId(denied)}\tcopied\n`;
    return w.all(w.copyData(lines), this.#id % 5 === 0 ? w.copyFail('enough') : w.copyDone);
  }

  #newId(denied: boolean): number {
    this.#id += 1;
    if (denied) this.refused.push(this.#id);
    return this.#id;
  }
}

const same = (bytes: Uint8Array): [Uint8Array, Uint8Array] => [bytes, bytes];
