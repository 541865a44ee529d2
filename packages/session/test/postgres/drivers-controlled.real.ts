import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, found } from '@hoop/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Bridge } from './bridge.js';
import { type Asked, askPg, askPostgres, type Way } from './drivers/node.js';
import { controlsFor } from './evasion/controls.js';
import { CUSTOMERS, SCHEMA } from './evasion/shop.js';
import { run } from './peers.js';
import { Site } from './site.js';
import { ERRORS, SETUP, STATEMENTS } from './statements.js';

/** Drivers with all packs on and columns masked: what they are told is what they are told directly, but for what is masked. */

let site: Site;
let cluster: Cluster;
beforeAll(async () => {
  site = await Site.make();
  cluster = await site.cluster({ empty: true });
  await cluster.sql([SCHEMA, SETUP], 'shop');
}, 60_000);
afterEach(async () => expect(await site.closeBridges()).toEqual([]));
afterAll(() => site?.end());

const open = (as: 'support' | 'ddl' = 'support'): Promise<Bridge> =>
  site.bridge(cluster, {}, { controls: controlsFor(as, ['pii', 'secrets']) });

const SECRETS = [
  ...CUSTOMERS.flatMap(([, email, ssn, card]) => [email, ssn, card]),
  ...['tapirseventh@canary.example', '906-47-1847', '6011000990139424'],
];
/** What was said directly, as whoever may not see the columns is to be told. */
const masked = (text: string) => SECRETS.reduce((so, secret) => so.replaceAll(secret, '***'), text);

/** What a pack refuses, and what is refused because it cannot be read: those that follow from each other in a transaction too. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'session-tampering': [
    "set client_encoding = 'LATIN1'",
    'set standard_conforming_strings = off',
    'set role not_there',
    'set session authorization not_there',
    'set no_such_setting = 1',
  ],
  'destructive-ddl': [
    'truncate made restart identity',
    'drop table made cascade',
    'drop schema away cascade',
    'drop owned by nobody_here',
    'drop role nobody_here',
    'drop table not_there',
    'drop table items',
  ],
  'privilege-changes': [
    'create role nobody_here',
    'grant select on items to nobody_here',
    'grant select on nowhere to public',
  ],
  'server-files': ['copy items from program $$true$$ where x'],
};

/** The server could not begin these; it is not asked, and they are denied in its words. */
const UNKNOWN = [
  'select * from nowhere',
  'select no_such_function(1)',
  'execute not_prepared',
  'fetch 1 from not_declared',
  'copy nowhere to stdout',
  'selec 1',
  'lock table items in no mode',
  "select 'unterminated",
  'select "unterminated',
];

/** Asked besides: what shows masked columns, in several ways. */
const SHOP: readonly string[] = [
  'select * from customers order by id',
  'select name, ssn as n from customers where id < 3 order by id',
  'select c.name, c.card, o.total from customers c join orders o on o.customer_id = c.id order by o.id',
  'select a from german_contacts order by id',
  'select id, (select number from wallets w where w.id = o.customer_id) from orders o order by id limit 3',
];

const asked = (): Asked => {
  const refused = new Set([...Object.values(REFUSED).flat(), ...UNKNOWN]);
  // A table of this very transaction is not in any catalogue, so what is in it is masked whole.
  const unseen = 'insert into made (t) values ($$x$$) returning *';
  // What follows LATIN1 that is not in force, and the messages that name what may be masked without their own words.
  const reworded = ["select 'caf' || chr(233)", 'select * from items i join parts p using (nope)', 'select twice()'];
  const rest = (texts: readonly string[]) =>
    texts.filter((text) => !refused.has(text) && text !== unseen && !reworded.includes(text));
  return { statements: [...SHOP, ...rest(STATEMENTS)], errors: rest(ERRORS) };
};

/** Values only; and what a session is told is not shown where it has come by what is masked. */
const plain = (value: unknown) =>
  masked(JSON.stringify(value, null, 1))
    .replace('"payload": "a payload"', '"payload": "***"')
    .replace('"answer": "payload"', '"answer": "***"');

test.each([
  ['pg', askPg, 1900],
  ['postgres', askPostgres, 1300],
])(
  '%s',
  async (_, ask: (way: Way, asked: Asked) => Promise<unknown[]>, most) => {
    const bridge = await open();
    const expected = await ask({ port: cluster.port, ssl: false }, asked());
    const got = await ask({ port: bridge.port, ssl: true }, asked());
    for (const [at, answer] of expected.entries())
      expect(JSON.stringify({ at, answer: got[at] }, null, 1)).toBe(plain({ at, answer }));
    expect(got).toHaveLength(expected.length);
    expect(got.length).toBeGreaterThan(most);
    expect(JSON.stringify(expected)).toContain('900-71-4271');
  },
  120_000,
);

test('what is refused', async () => {
  const bridge = await open();
  const texts = Object.entries(REFUSED).flatMap(([rule, each]) => each.map((text) => [rule, text] as const));
  const answers = await askPg(
    { port: bridge.port, ssl: true },
    { statements: [], errors: texts.map(([, text]) => text) },
  );
  for (const [at, [rule, text]] of texts.entries()) {
    const message = expect.stringContaining(rule);
    expect({ text, ...(answers[at] as object) }).toMatchObject({ text, code: '42501', message });
  }
});

test('what is unknown', async () => {
  const bridge = await open();
  const ask = (way: Way) => askPg(way, { statements: [], errors: UNKNOWN });
  const expected = await ask({ port: cluster.port, ssl: false });
  const got = await ask({ port: bridge.port, ssl: true });
  const said = (answers: readonly unknown[]) =>
    UNKNOWN.map((text, at) => {
      const { code, message } = answers[at] as { code: string; message: string };
      return { text, code, message: message.replace(/\(.*\)/, '') };
    });
  expect(said(got)).toEqual(said(expected));
});

test('a range whose bounds are ordered by code that cannot be read', async () => {
  await cluster.sql(ORDERED, 'shop');
  const bridge = await open();
  const errors = ["select '[a,b)'::own as v", "select '{[a,b)}'::own_many as v"];
  const answers = await askPg({ port: bridge.port, ssl: true }, { statements: [], errors });
  expect(answers.slice(0, 2)).toMatchObject([{ code: '42501' }, { code: '42501' }]);
});

/** An order of texts that could do anything. */
const ORDERED = `
create function any_order(text, text) returns int language plpgsql immutable as $$ begin execute 'select 1'; return bttextcmp($1, $2); end $$;
create operator class any_order_ops for type text using btree as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >,
  function 1 any_order(text, text);
create type own as range (subtype = text, subtype_opclass = any_order_ops, multirange_type_name = own_many);
`;

const drivers = join(import.meta.dirname, 'drivers');
const PGJDBC = '/usr/share/java/postgresql.jar';
/** Debian's own, which has Debian's psycopg. */
const PYTHON = '/usr/bin/python3';

/** Whoever drops its own tables needs a connection that allows DDL. */
test('pgjdbc, as DBeaver uses it', async (context) => {
  if (!found('javac') || !existsSync(PGJDBC))
    context.skip('pgjdbc: not installed; sudo apt install openjdk-17-jdk-headless libpostgresql-jdbc-java');
  const args = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', PGJDBC, join(drivers, 'Dbeaver.java')];
  const bridge = await open('ddl');
  const expected = await run('java', [...args, String(cluster.port), 'disable', 'shop'], {});
  const got = await run('java', [...args, String(bridge.port), 'require', 'shop'], {});
  // Pinned at the session's start, so its source is the client.
  const pinned = (text: string) =>
    text.replaceAll(/^(standard_conforming_strings\|.*\|bool)\|default\|/gm, '$1|client|');
  expect(expected).toMatchObject({ code: 0, stderr: '' });
  expect(unknowable(got.stdout)).toBe(unknowable(masked(pinned(expected.stdout))));
  expect(got).toMatchObject({ code: 0, stderr: '' });
  expect(got.stdout.split('\n').length).toBeGreaterThan(2000);
  expect(got.stdout).toContain('Alice|***|***|***');
}, 120_000);

test('psycopg 3', async (context) => {
  if (!existsSync('/usr/lib/python3/dist-packages/psycopg'))
    context.skip('psycopg 3: not installed; sudo apt install python3-psycopg');
  const ask = (port: number, sslmode: string) =>
    run(PYTHON, [join(drivers, 'probe.py'), String(port), sslmode, 'shop'], {
      PGPASSWORD: cluster.superPassword,
      PYTHONUTF8: '1',
    });
  const bridge = await open();
  const expected = await ask(cluster.port, 'disable');
  const got = await ask(bridge.port, 'require');
  // Left by an exception, a pipeline warns or not, as its last results happen to be there: directly too.
  const told = (text: string) => text.replaceAll(/^error ignored terminating <psycopg\.Pipeline .*\n/gm, '');
  expect({ code: expected.code, stderr: told(expected.stderr) }).toEqual({ code: 0, stderr: '' });
  expect({ code: got.code, stderr: told(got.stderr) }).toEqual({ code: 0, stderr: '' });
  expect(unknowable(got.stdout)).toBe(unknowable(masked(expected.stdout)));
  expect(got.stdout.split('\n').length).toBeGreaterThan(120);
  expect(got.stdout).toContain("'Alice', '***', '***', '***'");
}, 60_000);

/** Without the answer to a setting that nobody knows: it is refused before the server is asked. */
const unknowable = (text: string) =>
  text.replaceAll(/^(set no_such = 1) \w+ \w+ .*\n(?:(?:LINE 1| +\^|HINT).*\n)*/gm, '$1 no\n');
