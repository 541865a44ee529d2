import type { RecordedStatement, SessionRow } from '@hoop/contracts/gateway';
import { UserError } from '@hoop/core';
import { type Command, flag, type Input, JSON_OPTION, type Needs, text, word } from '../command.js';
import { find, lookedFor } from '../find.js';
import { inProfile, ofProfile, PROFILE_OPTION, profileOf, whose } from '../profile.js';
import { loginOf, settled } from '../settle.js';
import { clockTime, columns, counted, dayTime, plain, span } from '../table.js';

const lsSessions: Command = {
  name: 'ls',
  summary: 'show your sessions, newest first',
  options: [
    { flags: '--all', summary: "everybody's; for auditors, and itself audited" },
    { flags: '--connection NAME', summary: 'only of this connection' },
    { flags: '--limit N', summary: 'at most so many, 1 to 1000 (50)' },
    PROFILE_OPTION,
    JSON_OPTION,
  ],
  run: async (all, input) => {
    const needs = inProfile(all, input);
    const { query, state } = await questionOf(needs, input);
    const rows = await (await needs.daemon.api()).sessions({ query });
    if (rows.length === 0 && query.connection !== undefined && query.all === undefined) find(state, query.connection);
    if (flag(input, 'json')) return needs.out(`${JSON.stringify(rows.map(toMicroseconds))}\n`);
    if (rows.length === 0) return needs.err('no sessions yet\n');
    const everybodys = flag(input, 'all');
    const cells = rows.map((row) => rowOf(row, everybodys, needs.now()));
    needs.out(columns(needs.terminal.out ? [headings(everybodys), ...cells] : cells));
  },
};

const showSession: Command = {
  name: 'show',
  summary: 'show one session with its statements',
  arguments: [['ID', 'as `hoop sessions ls` shows it']],
  options: [PROFILE_OPTION, JSON_OPTION],
  run: async (needs, input) => {
    loginOf(await settled(inProfile(needs, input)));
    const session = await (await needs.daemon.api()).session({ id: word(input, 0), ...whose(profileOf(needs, input)) });
    if (flag(input, 'json')) {
      const record = session.record.map(toMicroseconds);
      return needs.out(`${JSON.stringify({ ...toMicroseconds(session), record })}\n`);
    }
    needs.out(columns(detailsOf(session)));
    for (const statement of session.record) needs.out(`\n${statementText(statement)}`);
  },
};

export const sessions: Command = {
  name: 'sessions',
  summary: 'show what was done through hoop',
  commands: [lsSessions, showSession],
};

function queryOf(input: Input): { all?: 'true'; connection?: string; limit?: number } {
  const connection = text(input, 'connection');
  const limit = text(input, 'limit');
  if (limit !== undefined && !(/^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= 1000)) {
    const hint = 'hoop help sessions ls';
    throw new UserError('usage', '--limit is a number from 1 to 1000', { hint, exit: 'usage' });
  }
  return {
    ...(flag(input, 'all') ? { all: 'true' } : {}),
    ...(connection === undefined ? {} : { connection }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
  };
}

/** One gateway is asked: the one whose connection is named, else that of the profile. */
async function questionOf(needs: Needs, input: Input) {
  const asked = queryOf(input);
  const state = await settled(needs);
  const named = asked.connection === undefined ? undefined : lookedFor(state, asked.connection);
  const profile = named?.profile ?? profileOf(needs, input);
  loginOf(profile === undefined ? state : ofProfile(state, profile));
  const query = { ...asked, ...(named && { connection: named.name }), ...(profile !== undefined && { profile }) };
  return { query, state };
}

/** `ms` as a sum of floating point numbers has digits that mean nothing. */
const toMicroseconds = <T extends { ms?: number | undefined }>(row: T): T =>
  row.ms === undefined ? row : { ...row, ms: Math.round(row.ms * 1000) / 1000 };

/** The person stands there where there can be several, and the program then not: both do not fit in 80 columns. */
const headings = (all: boolean) => [
  ...['ID', 'STARTED, UTC', ...(all ? ['PERSON'] : [])],
  ...['CONNECTION', ...(all ? [] : ['PROGRAM']), 'STMTS', 'ROWS', 'LASTED'],
];

function rowOf(row: SessionRow, all: boolean, now: number): string[] {
  return [
    ...[row.id, dayTime(row.startedAt, now), ...(all ? [plain(row.person)] : [])],
    ...[plain(row.connection), ...(all ? [] : [plain(row.program ?? '-')])],
    ...[String(row.statements), String(row.rows), lastedOf(row)],
  ];
}

/** How a session ended, where not as most do: by its client. */
const ENDS: Record<string, string> = {
  client: '',
  upstream: ', ended by the server',
  refused: ', refused',
  revoked: ', revoked',
  broken: ', link lost',
  error: ', failed',
};

function lastedOf({ startedAt, endedAt, end }: SessionRow): string {
  if (endedAt === undefined) return 'open';
  const ms = endedAt - startedAt;
  return `${ms < 1000 ? `${ms} ms` : span(ms)}${end === undefined ? '' : (ENDS[end] ?? `, ${plain(end)}`)}`;
}

function detailsOf(row: SessionRow): string[][] {
  const database = row.database === undefined ? '' : `, database ${plain(row.database)}`;
  const done = `${counted(row.statements, 'statement')}, ${counted(row.rows, 'row')}, ${Math.round(row.ms)} ms`;
  return [
    ['session', row.id],
    ['person', plain(row.person)],
    ['connection', `${plain(row.connection)}${database}`],
    ['program', plain(row.program ?? 'unknown')],
    ['started', `${clockTime(row.startedAt)} UTC`],
    ['lasted', `${lastedOf(row)}${row.end === 'client' ? ', ended by the client' : ''}`],
    ['did', done],
  ];
}

/** When, how long and how it went; below it the statement, on one line. */
function statementText(one: RecordedStatement): string {
  const ran = one.ms === undefined ? 'did not end' : `${Math.round(one.ms)} ms`;
  const took = one.verdict === 'deny' ? [] : [ran];
  const how = resultOf(one);
  const head = [
    ...[String(one.number), clockTime(one.at).slice(-8), ...took, ...(how === '' ? [] : [how])],
    ...(one.matched ?? []).map(({ rule, then }) => `${then === 'warn' ? 'warned' : 'observed'}: ${plain(rule)}`),
    ...(one.masked ?? []).map(({ rule, cells }) => `masked: ${counted(cells, 'cell')} by ${plain(rule)}`),
  ];
  return `${head.join('  ')}\n   ${plain(one.text.replace(/\s+/g, ' ').trim())}\n`;
}

function resultOf({ verdict, rule, error, tag }: RecordedStatement): string {
  if (verdict === 'deny') return `denied: ${plain(rule ?? '')}`;
  return error === undefined ? plain(tag ?? '') : `ERROR ${plain(error.code)}: ${plain(error.message)}`;
}
