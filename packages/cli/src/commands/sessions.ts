import type { RecordedStatement, SessionRow } from '@hoop/contracts/gateway';
import { type Command, flag, JSON_OPTION, text, word } from '../command.js';
import { loginOf, settled } from '../settle.js';
import { clockTime, columns, plain, span } from '../table.js';

const lsSessions: Command = {
  name: 'ls',
  summary: 'show your sessions, newest first',
  options: [
    { flags: '--all', summary: "everybody's; for auditors, and itself audited" },
    { flags: '--connection NAME', summary: 'only of this connection' },
    { flags: '--limit N', summary: 'at most so many (50)' },
    JSON_OPTION,
  ],
  run: async (needs, input) => {
    loginOf(await settled(needs));
    const connection = text(input, 'connection');
    const limit = text(input, 'limit');
    const api = await needs.daemon.api();
    const rows = await api.sessions({
      query: {
        ...(flag(input, 'all') ? { all: 'true' } : {}),
        ...(connection === undefined ? {} : { connection }),
        ...(limit === undefined ? {} : { limit: Number(limit) }),
      },
    });
    needs.out(flag(input, 'json') ? `${JSON.stringify(rows)}\n` : columns(rows.map(rowOf)));
  },
};

const showSession: Command = {
  name: 'show',
  summary: 'show one session with its statements',
  arguments: [['ID', 'as `hoop sessions ls` shows it']],
  options: [JSON_OPTION],
  run: async (needs, input) => {
    loginOf(await settled(needs));
    const session = await (await needs.daemon.api()).session({ id: word(input, 0) });
    if (flag(input, 'json')) return needs.out(`${JSON.stringify(session)}\n`);
    needs.out(columns([rowOf(session)]));
    needs.out(columns(session.record.map(statementRow)));
  },
};

export const sessions: Command = {
  name: 'sessions',
  summary: 'show what was done through hoop',
  commands: [lsSessions, showSession],
};

function rowOf(row: SessionRow): string[] {
  const length = row.endedAt === undefined ? 'live' : span(row.endedAt - row.startedAt);
  const counts = `${count(row.statements, 'statement')}, ${count(row.rows, 'row')}, ${Math.round(row.ms)} ms`;
  const program = plain(row.program ?? '-');
  return [
    row.id,
    clockTime(row.startedAt),
    plain(row.person),
    plain(row.connection),
    program,
    counts,
    row.end ?? length,
  ];
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

function statementRow(one: RecordedStatement): string[] {
  const how = one.verdict === 'deny' ? `denied: ${plain(one.rule ?? '')}` : (one.error?.code ?? plain(one.tag ?? ''));
  const ms = one.ms === undefined ? '-' : `${Math.round(one.ms)} ms`;
  return [String(one.number), clockTime(one.at), ms, how, plain(one.text.replace(/\s+/g, ' ').trim())];
}
