import type { LocalConnection } from '@hoop/contracts/local';
import { shownName } from './profile.js';

/** How programs are told where a connection is. No user and no password: the gateway has them. */
export const FORMS = ['psql', 'dsn', 'jdbc', 'dbeaver'] as const;
export type Form = (typeof FORMS)[number];

/** The string for one program, or undefined where the protocol has none. */
export function stringOf(connection: LocalConnection, form: Form): string | undefined {
  if (connection.protocol !== 'postgres') return undefined;
  return POSTGRES[form](connection, whereOf(connection));
}

export function stringsOf(connection: LocalConnection): Partial<Record<Form, string>> {
  return Object.fromEntries(
    FORMS.flatMap((form) => {
      const string = stringOf(connection, form);
      return string === undefined ? [] : [[form, string]];
    }),
  );
}

interface Where {
  host: string;
  port: number;
}

/** The address, which needs no DNS set up; the same whether the name resolves here or not. */
export const whereOf = ({ reach }: LocalConnection): Where => ({ host: reach.address, port: reach.port });

const POSTGRES: Record<Form, (connection: LocalConnection, where: Where) => string> = {
  psql: ({ database }, { host, port }) => {
    const parts = [`host=${host}`, `port=${port}`, ...(database === undefined ? [] : [`dbname=${keyword(database)}`])];
    return `psql ${shell(parts.join(' '))}`;
  },
  dsn: ({ database }, { host, port }) => `postgresql://${host}:${port}/${encodeURIComponent(database ?? '')}`,
  jdbc: ({ database }, { host, port }) => `jdbc:postgresql://${host}:${port}/${encodeURIComponent(database ?? '')}`,
  dbeaver: (connection, { host, port }) => {
    const { database } = connection;
    const parts = ['driver=postgresql', `name=${shownName(connection)}`, `host=${host}`, `port=${port}`];
    const last = [
      ...(database === undefined ? [] : [`database=${database}`]),
      'user=hoop',
      'savePassword=true',
      'connect=true',
    ];
    return `dbeaver -con ${shell([...parts, ...last].join('|'))}`;
  },
};

/** A value of a libpq connection string (PostgreSQL manual, 34.1.1.1). */
const keyword = (value: string) => (/^[\w.-]+$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`);
/** One word for a POSIX shell. */
const shell = (word: string) => (/["$`\\!\n]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`);
