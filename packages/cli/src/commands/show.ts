import type { Controlled } from '@hoop/contracts/gateway';
import type { LocalConnection, State } from '@hoop/contracts/local';
import { HoopError, UserError } from '@hoop/core';
import { type Command, flag, JSON_OPTION, type Needs, text, word } from '../command.js';
import { find } from '../find.js';
import { inProfile, longHostname, PROFILE_OPTION, shownName, whose } from '../profile.js';
import { settled } from '../settle.js';
import { FORMS, type Form, stringOf, stringsOf } from '../strings.js';
import { columns, plain } from '../table.js';
import { filled } from '../text.js';
import { stateOf } from './ls.js';

export const show: Command = {
  name: 'show',
  summary: 'show one connection: its controls, and how to reach it',
  arguments: [['NAME', 'as `hoop ls` shows it']],
  options: [
    { flags: '--as FORM', summary: 'only the string for this program', choices: FORMS },
    PROFILE_OPTION,
    JSON_OPTION,
  ],
  examples: ['hoop show pg-prod --as jdbc'],
  run: async (needs, input) => {
    const { connection, state } = find(await settled(inProfile(needs, input)), word(input, 0));
    const form = text(input, 'as') as Form | undefined;
    if (flag(input, 'json')) {
      const controls = await controlsOf(needs, connection, state);
      const { authority } = state.daemon;
      const told = { ...connection, ...controls, strings: stringsOf(connection), sslrootcert: authority };
      return needs.out(`${JSON.stringify(told)}\n`);
    }
    if (form === undefined)
      return needs.out(detailsOf(connection, state, controlledText(await controlsOf(needs, connection, state))));
    const string = stringOf(connection, form);
    if (string !== undefined) return needs.out(`${string}\n`);
    throw new UserError('no-such-form', `${connection.name} is ${connection.protocol}: it has no ${form} string`, {
      hint: `hoop show ${shownName(connection)}`,
      exit: 'usage',
    });
  },
};

type Controls = { controls?: Controlled; controlsUnknown?: string };

/** As the gateway has them now. What cannot be asked for is said, and all else is shown. */
async function controlsOf(
  needs: Needs,
  { name, profile, state }: LocalConnection,
  { gateway }: State,
): Promise<Controls> {
  if (state === 'requestable') return {};
  if (gateway?.state === 'offline') return { controlsUnknown: 'the gateway cannot be reached' };
  try {
    return { controls: await (await needs.daemon.api()).controls({ name, ...whose(profile) }) };
  } catch (error) {
    if (error instanceof HoopError) return { controlsUnknown: error.message };
    throw error;
  }
}

function controlledText({ controls, controlsUnknown }: Controls): [string, string][] {
  if (controlsUnknown !== undefined) return rowsOf([['controls', `not known: ${plain(controlsUnknown)}`]]);
  if (controls === undefined) return [];
  const { guardrails, masks } = controls;
  const rows = [...guardrails.map(guardrailText), ...masks.map(maskText)];
  return rows.length === 0 ? [['controls', 'no guardrails, no masks']] : rowsOf(rows);
}

/** In the width; a label stands before the first of its kind only. */
function rowsOf(rows: readonly [string, string][]): [string, string][] {
  const lines = rows.flatMap(([label, said]) =>
    filled(said, 2, WIDTH)
      .split('\n')
      .map((line): [string, string] => [label, line]),
  );
  return lines.map(([label, line], at) => [lines[at - 1]?.[0] === label ? '' : label, line]);
}

const guardrailText = ({ name, then, about, programs }: Controlled['guardrails'][number]): [string, string] => [
  DONE[then],
  `${plain(name)}${programs ? `, from ${plain(programs.join(', '))}` : ''}${about === undefined ? '' : `: ${plain(about)}`}`,
];
const DONE = { deny: 'refused', hold: 'held', warn: 'warned', observe: 'observed' };

/** Patterns of a mask beyond this are counted only. */
const LISTED = 6;

function maskText({ name, way, columns: hidden, detectors, exempt }: Controlled['masks'][number]): [string, string] {
  const all = [...hidden, ...detectors.map((one) => `${one} found in text`)];
  const more = all.length > LISTED ? `, and ${all.length - LISTED} more` : '';
  return [
    'masked',
    `${plain(name)}: ${exempt ? 'you are exempt' : plain(way)}; ${all.slice(0, LISTED).map(plain).join(', ')}${more}`,
  ];
}

function detailsOf(one: LocalConnection, state: State, controls: readonly [string, string][]): string {
  const optional = (name: string, value: string | undefined) => (value === undefined ? [] : [[name, plain(value)]]);
  return columns([
    ['name', plain(one.name)],
    ['protocol', one.protocol],
    ['state', stateOf(one)],
    ...optional('profile', one.profile),
    ['host', one.hostname],
    ...alsoKnown(one),
    ['address', `${one.reach.address}:${one.reach.port}`],
    ...optional('database', one.database),
    ...optional('description', one.description),
    ...optional('contact', one.contact),
    ...controls.map((row) => [...row]),
    ...optional('held by', one.holder),
    ...optional('hint', one.hint),
    ...Object.entries(stringsOf(one)).map(([form, string]) => [form, inWidth(one, form, string)]),
    ...verifiedRows(one, state),
  ]);
}

/** For programs that check whom they speak to: by the name, and by the laptop's own CA. */
function verifiedRows({ protocol, hostname }: LocalConnection, { daemon: { authority } }: State): string[][] {
  if (authority === undefined || protocol !== 'postgres') return [];
  return [
    ['verified', `host=${hostname} sslmode=verify-full`],
    ['', `sslrootcert=${plain(authority)}`],
  ];
}

/** What stands behind the longest label in 80 columns. */
const WIDTH = 80 - 'description  '.length;

/** A string is there to be copied: one that would be broken over lines is had by itself. */
const inWidth = (one: LocalConnection, form: string, string: string) =>
  string.length <= WIDTH ? string : `as printed by: hoop show ${plain(shownName(one))} --as ${form}`;

/** The name that stays when another profile becomes the default. */
function alsoKnown(one: LocalConnection): string[][] {
  const long = longHostname(one);
  return long === undefined || long === one.hostname ? [] : [['', long]];
}
