import { createHash } from 'node:crypto';
import type { Client } from 'pg';

/** Columns, canonical, and the text that is in their values and nowhere else. */
export type Canaries = ReadonlyMap<string, string>;

interface Planted {
  table: string;
  column: string;
  /** Canonical. */
  name: string;
  type: string;
  generated: boolean;
}

/** Fills the tables of `public` and `private` with two rows, each text under a canary of its own column. */
export async function plant(client: Client): Promise<Canaries> {
  const { rows } = await client.query<Planted>(
    `select format('%I.%I', n.nspname, c.relname) as table, quote_ident(a.attname) as column, n.nspname || '.' || c.relname || '.' || a.attname as name,
     format_type(a.atttypid, -1) as type, a.attgenerated <> '' as generated
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where c.relkind = 'r' and n.nspname in ('public', 'private') and a.attnum > 0 and not a.attisdropped order by 1, a.attnum`,
  );
  const canaries = new Map<string, string>();
  for (const table of new Set(rows.map((row) => row.table)))
    for (const row of [1, 2]) {
      const columns = rows.filter((one) => one.table === table && !one.generated);
      const values = columns.flatMap((one) => {
        const canary = canaryOf(one.name);
        const value = literalOf(one.type, canary, row);
        if (value?.includes(canary)) canaries.set(one.name, canary);
        return value === undefined ? [] : [[one.column, value] as const];
      });
      const names = values.map(([column]) => column).join(', ');
      await client.query(`insert into ${table} (${names}) values (${values.map(([, value]) => value).join(', ')})`);
    }
  return canaries;
}

const canaryOf = (name: string): string => `Canary${createHash('sha256').update(name).digest('hex').slice(0, 14)}`;

function literalOf(type: string, canary: string, row: number): string | undefined {
  const values: Readonly<Record<string, string>> = {
    text: `'${canary}-${row}'`,
    'character varying': `'${canary}-${row}'`,
    character: `'${canary}-${row}'`,
    jsonb: `'{"k": "${canary}", "n": [1, {"x": "${canary}"}], "ssn": "${canary}"}'`,
    'text[]': `array['${canary}', 'b']`,
    xml: `'<a><b>${canary}</b></a>'`,
    pair: `row('${canary}', 'b')`,
    'pair[]': `array[row('${canary}', 'b')::pair, row('c', 'd')::pair]`,
    customers: '(select x from customers x limit 1)',
    integer: String(row),
    boolean: 'true',
  };
  return values[type];
}

/** Every form under which a canary is looked for, in lower case. */
export function formsOf(canary: string): string[] {
  const bytes = Buffer.from(canary);
  const hash = (text: string): string => createHash('md5').update(text).digest('hex');
  const base64 = [0, 1, 2].map((pad) => {
    const text = Buffer.concat([Buffer.alloc(pad, 'x'), bytes]).toString('base64');
    return text.slice(pad === 0 ? 0 : 4, -4);
  });
  const reversed = [...canary].reverse().join('');
  const forms = [
    canary,
    reversed,
    bytes.toString('hex'),
    hash(canary),
    hash(`${canary}-1`),
    hash(`${canary}-2`),
    ...base64,
  ];
  return forms.map((form) => form.toLowerCase());
}
