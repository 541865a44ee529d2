import { EXPLAINED_MOST, type Explained, type ExplainedCommand, type ExplainedOutput } from '@hoop/contracts/gateway';
import { UserError } from '@hoop/core';
import { type Command, flag, type Input, JSON_OPTION, type Needs, text, word } from '../command.js';
import { find } from '../find.js';
import { inProfile, PROFILE_OPTION, whose } from '../profile.js';
import { settled } from '../settle.js';
import { columns, plain } from '../table.js';
import { filled } from '../text.js';

export const explain: Command = {
  name: 'explain',
  summary: 'show what the controls say of a statement, without running it',
  arguments: [
    ['NAME', 'as `hoop ls` shows it'],
    ['STATEMENT', 'in one word, quoted; - reads it from stdin'],
  ],
  options: [
    { flags: '-d, --database DATABASE', summary: "in this one; else the connection's default" },
    PROFILE_OPTION,
    JSON_OPTION,
  ],
  examples: ["hoop explain pg-prod 'select * from customers'", 'hoop explain pg-prod - < migration.sql'],
  run: async (needs, input) => {
    const { connection } = find(await settled(inProfile(needs, input)), word(input, 0));
    const { name, profile } = connection;
    const body = { text: await statementOf(needs, input), database: text(input, 'database') };
    const explained = await (await needs.daemon.api()).explain({ name, body, ...whose(profile) });
    needs.out(flag(input, 'json') ? `${JSON.stringify(explained)}\n` : told(explained));
  },
};

async function statementOf(needs: Needs, input: Input): Promise<string> {
  const given = word(input, 1);
  const statement = given === '-' ? await needs.read() : given;
  if (statement.length <= EXPLAINED_MOST) return statement;
  throw new UserError('too-long', `a statement that is explained has at most ${EXPLAINED_MOST} characters`);
}

function told(explained: Explained): string {
  const { commands } = explained;
  const each = commands.map((one, at) => commandText(one, commands.length > 1 ? at + 1 : undefined));
  return [verdictText(explained), ...each].join('\n');
}

function verdictText({ verdict, reason, hint, notices }: Explained): string {
  const said = [
    verdict === 'allow' ? 'allowed' : plain(reason ?? 'refused'),
    ...(hint === undefined ? [] : [`  ${plain(hint)}`]),
    ...notices.flatMap(({ severity, message, hint: help }) => [
      `${plain(severity)}: ${plain(message)}`,
      ...(help === undefined ? [] : [`  ${plain(help)}`]),
    ]),
  ];
  return said.map((line) => `${filled(line)}\n`).join('');
}

/** `number`: where there are several. */
function commandText(one: ExplainedCommand, number: number | undefined): string {
  const { guardrail, relations, outputs, predicates } = one;
  const used = (how: 'read' | 'write' | 'define') =>
    relations.filter(({ does }) => does === how).map(({ name }) => name);
  const rows: [string, readonly string[]][] = [
    ['class', [one.class]],
    ['because', one.unknown === undefined ? [] : [one.unknown]],
    ['does', [...one.traits.map((trait) => TRAITS[trait]), ...(one.unbounded ? ['changes every row'] : [])]],
    ['guardrail', guardrail === undefined ? [] : [`${guardrail.rule}, ${guardrail.then}`]],
    ['reads', used('read')],
    ['writes', used('write')],
    ['defines', used('define')],
    ['calls', one.functions],
    ['asks of', predicates.map(({ column, how }) => `${column} by ${how}`)],
  ];
  const head = `${number === undefined ? '' : `${number}  `}${plain(one.kind)}\n`;
  const labelled = rows.filter(([, list]) => list.length > 0).map(([label, list]) => labelledText(label, list));
  return `${head}${labelled.join('')}${outputsText(outputs)}`;
}

/** Each trait as what the command does. */
const TRAITS: Record<ExplainedCommand['traits'][number], string> = {
  destroys: 'removes for good',
  privileges: 'changes who may do what',
  'server-files': "reaches the server's files, programs or other servers",
  session: 'changes the language or the actor',
  code: 'runs what was not read',
  explains: 'says of data what no row does',
};

const LABEL = 'guardrail'.length + 4;

/** Each name once, as many on a line as fit. */
function labelledText(label: string, list: readonly string[]): string {
  const names = [...new Set(list)].map(plain).join(', ');
  return `${filled(`  ${label.padEnd(LABEL - 2)}${names}`, LABEL)}\n`;
}

function outputsText(outputs: readonly ExplainedOutput[] | null): string {
  if (outputs === null) return labelledText('shows', ['what cannot be told: it is masked whole where masks are on']);
  if (outputs.length === 0) return '';
  const rows = [['COLUMN', 'SHOWN', 'FROM'], ...outputs.map((one) => [plain(one.name), shownOf(one), sourceOf(one)])];
  return `\n${columns(rows.flatMap(wrapped).map((row) => ['', ...row]))}`;
}

/** Its last cell on as many lines as it takes, where the others leave it room. */
function wrapped([name = '', shown = '', from = '']: readonly string[]): string[][] {
  const lines = filled(from, 0, FROM).split('\n');
  return lines.map((line, at) => (at === 0 ? [name, shown, line] : ['', '', line]));
}
const FROM = 40;

function shownOf({ mask, searched }: ExplainedOutput): string {
  if (mask !== undefined) return `${plain(mask.way)}, by ${plain(mask.rule)}`;
  return searched ? 'searched' : 'as it is';
}

function sourceOf({ columns: from, exact, opaque }: ExplainedOutput): string {
  const names = from.map(plain).join(', ');
  if (opaque !== undefined) return `${names === '' ? '' : `${names} and `}anything: ${plain(opaque)}`;
  if (from.length === 0) return 'no column';
  return exact ? names : `computed of ${names}`;
}
