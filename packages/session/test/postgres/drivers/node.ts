import { Client, type CustomTypesConfig, type QueryConfig, type QueryResult } from 'pg';
import postgres from 'postgres';
import { ERRORS, STATEMENTS, VALUES } from '../statements.js';

export interface Way {
  port: number;
  ssl: boolean;
}

/** What the drivers ask in words of their own. */
export interface Asked {
  statements: readonly string[];
  errors: readonly string[];
  /** A type whose values are not asked for. */
  without?: string;
}
const ALL: Asked = { statements: STATEMENTS, errors: ERRORS };

const VALUE_LIST = Object.entries(VALUES).flatMap(([type, texts]) => texts.map((text) => [type, text] as const));

/** What a person is shown of an error. */
function told(error: unknown): object {
  const { message, code, detail, hint, constraint, severity, where } = error as Record<string, unknown>;
  return { message, code, detail, hint, constraint, severity, where };
}

async function settled(what: Promise<unknown>): Promise<unknown> {
  return what.then((value) => value, told);
}

const config = ({ port, ssl }: Way) => ({
  host: '127.0.0.1',
  port,
  user: 'postgres',
  database: 'shop',
  ssl: ssl ? { rejectUnauthorized: false } : false,
});

/** As they come off the wire. */
const RAW: CustomTypesConfig = { getTypeParser: () => (value: unknown) => value };

/** `pg`: simple, with parameters, by name, as arrays, in binary; notices and notifications. */
export async function askPg(way: Way, { statements, errors, without } = ALL): Promise<unknown[]> {
  const pg = new Client({ ...config(way), types: RAW });
  const answers: unknown[] = [];
  pg.on('notice', ({ message, severity }) => answers.push({ notice: message, severity }));
  pg.on('notification', ({ channel, payload }) => answers.push({ channel, payload }));
  await pg.connect();
  const ask = async (query: QueryConfig & { rowMode?: 'array'; binary?: boolean }) => {
    const result = await settled(pg.query(query));
    const { rows, fields, command, rowCount } = result as Partial<QueryResult>;
    const columns = fields?.map(({ name, dataTypeID, format }) => [name, dataTypeID, format]);
    answers.push(rows === undefined ? result : { rows, columns, command, rowCount });
  };
  for (const text of [...statements, ...errors]) await ask({ text, rowMode: 'array' });
  for (const text of statements) await ask({ text, values: [], rowMode: 'array' });
  for (const [type, value] of VALUE_LIST.filter(([type]) => type !== without)) {
    await ask({ text: `select $1::${type} as v`, values: [value] });
    await ask({ name: `named ${type}`, text: `select $1::${type} as v`, values: [value], binary: true });
    await ask({ name: `named ${type}`, text: `select $1::${type} as v`, values: [null] });
  }
  const many = Array.from({ length: 1000 }, (_, n) => pg.query('select $1::int * 2 as n', [n]));
  for (const one of await Promise.all(many)) answers.push(one.rows);
  await ask({ text: "listen news; notify news, 'a payload'" });
  await ask({ text: 'select 1' });
  await pg.end();
  return answers;
}

/** `postgres`: pipelined over one connection, prepared, cursors, COPY streams, savepoints, cancel. */
export async function askPostgres(way: Way, { statements, errors, without } = ALL): Promise<unknown[]> {
  const answers: unknown[] = [];
  const { user, database, ...at } = config(way);
  const sql = postgres({
    ...at,
    user,
    database,
    max: 1,
    onnotice: ({ message, severity }) => answers.push({ notice: message, severity }),
    onparameter: (name, value) => answers.push({ name, value }),
  });
  const ask = async (what: Promise<unknown>) => {
    const result = await settled(what);
    const { columns, command, count } = result as Record<string, unknown>;
    answers.push(Array.isArray(result) ? { rows: [...result], columns, command, count } : result);
  };
  const raw = (text: string) => sql.unsafe(text).values() as unknown as Promise<unknown>;
  // This driver takes no transactions by hand on a pool.
  for (const text of statements.slice(0, 230)) await ask(raw(text));
  for (const [type, value] of VALUE_LIST.filter(([type]) => type !== without)) {
    await ask(sql.unsafe(`select $1::text::${type} as v`, [value], { prepare: true }) as unknown as Promise<unknown>);
  }
  const many = Array.from({ length: 1000 }, (_, n) => sql`select ${n}::int * 2 as n`);
  for (const rows of await Promise.all(many)) answers.push([...rows]);
  const failing = errors.filter((text) => !/^(begin|commit|rollback|copy|set )/.test(text));
  const together = await Promise.allSettled(failing.map((text) => sql.unsafe(text).values()));
  for (const one of together) answers.push(one.status === 'rejected' ? told(one.reason) : [...one.value]);
  for await (const rows of sql`select id, name from items order by id`.cursor(17)) answers.push([...rows]);
  await ask(
    sql.begin(async (inner) => {
      await inner`create temp table copied (n int, t text) on commit drop`;
      const into = await inner`copy copied from stdin`.writable();
      await new Promise((resolve, reject) => {
        into.on('error', reject).on('finish', resolve);
        into.end(Array.from({ length: 5000 }, (_, n) => `${n}\trow ${n}\n`).join(''));
      });
      await inner.savepoint((deep) => deep`select 1/0`).catch((error) => answers.push(told(error)));
      let copied = '';
      for await (const chunk of await inner`copy copied to stdout`.readable()) copied += chunk;
      return [copied];
    }),
  );
  await ask(
    sql`select ${sql.json({ a: [1, null] })}::jsonb as j, ${sql.array([1, 2])}::int[] as a, ${new Date(0)}::timestamptz as d`,
  );
  const heard = new Promise((resolve) => void sql.listen('news', resolve).then(() => sql.notify('news', 'payload')));
  answers.push(await heard);
  const slow = sql`select pg_sleep(30)`.execute();
  setTimeout(() => slow.cancel(), 200);
  await ask(slow);
  await ask(sql`select 'alive' as state`);
  await sql.end();
  return answers;
}
