import { Client } from 'pg';
import { expect } from 'vitest';
import * as w from '../../../../protocols/test/postgres/wire.js';
import type { Upstream } from '../../../src/index.js';
import { Site } from '../site.js';
import type { Allowed } from './allowed.js';
import type { Attack, Step } from './attack.js';
import { leakIn } from './canary.js';
import { controlsFor } from './controls.js';
import { cellsOf, fieldOf, type Message, type Mode, Session } from './session-run.js';
import { SCHEMA, STATE } from './shop.js';
import type { WireAttack } from './wire.js';

interface Said {
  session: Session;
  /** What each step was answered with. */
  answers: Message[][];
}

type Login = (database: string) => ConstructorParameters<typeof Client>[0];

/** The shop that is attacked, twice: `victim` behind the controls, `mirror` without; and the shop as it was. */
export class Field {
  readonly #site: Site;
  readonly #admin: Client;
  readonly #config: Login;
  readonly #upstream: Upstream;
  #watcher!: Client;
  #state = '';

  private constructor(site: Site, admin: Client, config: Login, upstream: Upstream) {
    this.#site = site;
    this.#admin = admin;
    this.#config = config;
    this.#upstream = upstream;
  }

  static async make(): Promise<Field> {
    const site = await Site.make();
    // Plans are the same on both sides as long as nobody gathers statistics of one.
    const cluster = await site.cluster({ empty: true, settings: { autovacuum: 'off' } });
    const config = (database: string) => cluster.config({ database });
    const admin = new Client(config('postgres'));
    await admin.connect();
    await admin.query('CREATE DATABASE pristine');
    await cluster.sql(SCHEMA, 'pristine');
    await admin.query('CREATE DATABASE mirror TEMPLATE pristine');
    await admin.query('CREATE DATABASE victim TEMPLATE pristine');
    const upstream = site.upstream(cluster, {
      name: 'pg-support',
      databases: ['victim'],
      tls: 'disable',
      host: '127.0.0.1',
    });
    const field = new Field(site, admin, config, upstream);
    await field.#watch();
    return field;
  }

  async end(): Promise<void> {
    await this.#watcher.end();
    await this.#admin.end();
    await this.#site.end();
  }

  /** Both as they were. */
  async renew(): Promise<void> {
    await this.#watcher.end();
    for (const name of ['victim', 'mirror']) {
      await this.#admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await this.#admin.query(`CREATE DATABASE ${name} TEMPLATE pristine`);
    }
    await this.#watch();
  }

  /** How an attack came through; undefined if it did not, in none of these modes. */
  async wayOf(attack: Attack, modes: readonly Mode[]): Promise<string | undefined> {
    for (const mode of modes) {
      const trace = await this.#traceOf(attack, mode).catch((error: Error) => error.message);
      if (trace !== undefined) return `${mode}: ${trace}`;
    }
    if ((await this.#stateNow()) === this.#state) return undefined;
    await this.renew();
    return `${modes}: the state has changed`;
  }

  async #traceOf({ steps, other, wants, row, as }: Attack, mode: Mode): Promise<string | undefined> {
    const { session, answers } = await say(steps, mode, this.#upstream, as);
    const last = answers.at(-1) ?? [];
    if (other !== undefined) {
      const others = await say(other, mode, this.#upstream, as);
      const [one, two] = [answers, others.answers].map((said) => said.map((answer) => wordsOf(answer, [])));
      const at = one?.findIndex((words, i) => words !== two?.[i]) ?? -1;
      if (at >= 0) return `${steps[at]?.text}: ${one?.[at]}, and not ${two?.[at]}`;
    }
    const leak = leakIn(session.heard, row === 'A23');
    if (leak !== undefined) return `shows ${JSON.stringify(leak)}`;
    if (wants === 'refused' && !last.some(({ type }) => type === 'E')) return 'was answered';
    return wants === 'masked' && last.some(saysAnything) ? 'says something' : undefined;
  }

  /** The same for what is said in messages. */
  async wayOnWire({ parameters, says }: WireAttack): Promise<string | undefined> {
    const session = new Session(this.#upstream, controlsFor());
    const greeting = await session.open(parameters);
    for (const messages of greeting.at(-1)?.type === 'Z' ? says : []) {
      session.say(...messages);
      // What is owed a ReadyForQuery each is not counted; a last word tells that all is answered.
      session.say(w.query('SELECT 1 AS done'));
      await session.until('done');
    }
    await session.close();
    expect(session.bugs).toEqual([]);
    const leak = leakIn(session.heard, true);
    if (leak !== undefined) return `shows ${JSON.stringify(leak)}`;
    if ((await this.#stateNow()) === this.#state) return undefined;
    await this.renew();
    return 'the state has changed';
  }

  /** What is wrong with the answer to something allowed; undefined where it is the server's own. */
  async faultOf({ steps, masked }: Allowed, mode: Mode): Promise<string | undefined> {
    const through = await say(steps, mode, this.#upstream);
    const straight = await say(steps, mode, { ...this.#upstream, databases: ['mirror'] }, 'nobody');
    for (const [at, answer] of through.answers.entries()) {
      const expected = straight.answers[at] ?? [];
      const refused = answer.find(({ type }) => type === 'E');
      if (refused !== undefined && !expected.some(({ type }) => type === 'E')) return fieldOf(refused, 'M');
      if (wordsOf(answer, masked) !== wordsOf(expected, masked))
        return `${wordsOf(answer, [])} in place of ${wordsOf(expected, [])}`;
    }
    const [shown, bare] = [rowsOf(through), rowsOf(straight)];
    const isShown = bare.some((row, at) => masked.some((column) => isBare(row[column], shown[at]?.[column])));
    return isShown ? 'a cell is not masked' : undefined;
  }

  async #watch(): Promise<void> {
    this.#watcher = new Client(this.#config('victim'));
    await this.#watcher.connect();
    this.#state = await this.#stateNow();
  }

  async #stateNow(): Promise<string> {
    return (await this.#watcher.query(STATE)).rows[0].md5;
  }
}

async function say(steps: readonly Step[], mode: Mode, to: Upstream, as?: Attack['as'] | 'nobody'): Promise<Said> {
  const session = new Session(to, as === 'nobody' ? {} : controlsFor(as));
  const greeting = await session.open();
  if (greeting.at(-1)?.type !== 'Z') throw new Error(`it did not open: ${greeting.map(({ body }) => body)}`);
  const answers: Message[][] = [];
  for (const step of steps) answers.push(await session.run(step, mode));
  await session.close();
  expect(session.bugs).toEqual([]);
  return { session, answers };
}

const saysAnything = (message: Message): boolean =>
  message.type === 'D' && cellsOf(message).some((cell) => cell !== null && cell.toString() !== '***');

const rowsOf = ({ answers }: Said): (Buffer | null)[][] =>
  answers
    .flat()
    .filter(({ type }) => type === 'D')
    .map(cellsOf);

const isBare = (own: Buffer | null | undefined, shown: Buffer | null | undefined): boolean =>
  own !== undefined && own !== null && shown !== null && shown !== undefined && own.equals(shown);

/** An answer in one line; masked columns are left out, and what differs between two databases. */
function wordsOf(answer: readonly Message[], masked: readonly number[]): string {
  return answer
    .map((message) => {
      const { type, body } = message;
      if (type === 'T') return `T${body.readUInt16BE(0)}`;
      if (type === 'E') return `E${fieldOf(message, 'C')}`;
      if (type === 'N' || type === 'A' || type === 'S') return '';
      if (type !== 'D') return type + body.toString('latin1');
      return `D${cellsOf(message).map((cell, at) => (masked.includes(at) ? '' : cell?.toString('latin1')))}`;
    })
    .join(' ');
}
