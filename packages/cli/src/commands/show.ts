import type { LocalConnection } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';
import { type Command, flag, JSON_OPTION, text, word } from '../command.js';
import { find } from '../find.js';
import { ready } from '../settle.js';
import { FORMS, type Form, stringOf, stringsOf } from '../strings.js';
import { columns, plain } from '../table.js';
import { stateOf } from './ls.js';

export const show: Command = {
  name: 'show',
  summary: 'show one connection, and how programs reach it',
  arguments: [['NAME', 'as `hoop ls` shows it']],
  options: [{ flags: '--as FORM', summary: 'only the string for this program', choices: FORMS }, JSON_OPTION],
  examples: ['hoop show pg-prod --as jdbc'],
  run: async (needs, input) => {
    const connection = find((await ready(needs)).connections, word(input, 0));
    const form = text(input, 'as') as Form | undefined;
    if (flag(input, 'json')) {
      return needs.out(`${JSON.stringify({ ...connection, strings: stringsOf(connection) })}\n`);
    }
    if (form === undefined) return needs.out(detailsOf(connection));
    const string = stringOf(connection, form);
    if (string !== undefined) return needs.out(`${string}\n`);
    throw new UserError('no-such-form', `${connection.name} is ${connection.protocol}: it has no ${form} string`, {
      hint: `hoop show ${connection.name}`,
      exit: 'usage',
    });
  },
};

function detailsOf(one: LocalConnection): string {
  const optional = (name: string, value: string | undefined) => (value === undefined ? [] : [[name, plain(value)]]);
  return columns([
    ['name', plain(one.name)],
    ['protocol', one.protocol],
    ['state', stateOf(one)],
    ['host', one.hostname],
    ['address', `${one.reach.address}:${one.reach.port}`],
    ...optional('database', one.database),
    ...optional('description', one.description),
    ...optional('contact', one.contact),
    ...optional('held by', one.holder),
    ...optional('hint', one.hint),
    ...Object.entries(stringsOf(one)).map(([form, string]) => [form, inWidth(one, form, string)]),
  ]);
}

/** What stands behind the longest label in 80 columns. */
const WIDTH = 80 - 'description  '.length;

/** A string is there to be copied: one that would be broken over lines is had by itself. */
const inWidth = ({ name }: LocalConnection, form: string, string: string) =>
  string.length <= WIDTH ? string : `as printed by: hoop show ${plain(name)} --as ${form}`;
