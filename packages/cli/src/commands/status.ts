import type { State } from '@hoop/contracts/local';
import { folderTrouble } from '@hoop/platform';
import { type Command, flag, JSON_OPTION, type Needs, WATCH_OPTION } from '../command.js';
import { follow } from '../follow.js';
import { inProfile, isOfSeveral, PROFILE_OPTION, partsOf, shownName } from '../profile.js';
import { configTrouble } from '../settings.js';
import { isUnderWay, loginMend, troubleOf } from '../settle.js';
import { clockTime, columns, counted, plain, span } from '../table.js';
import { filled } from '../text.js';

export const status: Command = {
  name: 'status',
  summary: 'show login, gateway, connections and what is wrong',
  options: [PROFILE_OPTION, WATCH_OPTION, JSON_OPTION],
  run: async (all, input) => {
    const needs = inProfile(all, input);
    const json = flag(input, 'json');
    const troubles = [await configTrouble(needs), folderTrouble(needs.paths, needs.machine.uid)].flatMap((one) =>
      one === undefined
        ? []
        : [{ code: one.code, message: one.message, ...(one.hint !== undefined && { hint: one.hint }) }],
    );
    const whole = (state: State): State => ({ ...state, problems: [...state.problems, ...troubles] });
    const show = (state: State) => (json ? `${JSON.stringify(whole(state))}\n` : statusOf(whole(state), needs.now()));
    if (!flag(input, 'watch')) return needs.out(show(await needs.daemon.probed()));
    const stop = probing(needs);
    try {
      if (json || !needs.terminal.out)
        return await follow(needs, (state) => needs.out(json ? show(state) : `${show(state)}\n`));
      const { showStatus } = await import('../views/live.js');
      return await showStatus(needs, whole);
    } finally {
      stop();
    }
  },
};

/** Milliseconds. hoopd by itself does not ask: it is at rest. */
const PROBE_EVERY = 10_000;

/** While somebody watches, the gateways are asked whether they answer; the watched state has it. */
function probing({ daemon }: Needs): () => void {
  const timer = setInterval(() => void daemon.probed().catch(() => {}), PROBE_EVERY);
  return () => clearInterval(timer);
}

/** The state as lines of `what  how it is`. */
export const statusOf = (state: State, now: number): string => columns(statusRows(state, now));

export function statusRows(state: State, now: number): string[][] {
  return [
    ...daemonRows(state, now),
    ...partsOf(state).flatMap((part) => [
      ...profileRows(part),
      ...loginRows(part, now),
      ...(isOfSeveral(state) ? [] : waitingRows(state)),
      ...(isOfSeveral(state) && part.login === null ? [] : [['gateway', gatewayRow(part)], ...connectionRows(part)]),
    ]),
    ...(isOfSeveral(state) ? [[], ...waitingRows(state)] : []),
    ...refusedRows(state),
    ...problemsOf(state).flatMap(({ message, hint, profile }) => [
      ...wordsRows('problem', plain(profile === undefined ? message : `profile ${profile}: ${message}`)),
      ...(hint === undefined ? [] : hint.startsWith('hoop ') ? [['', plain(hint)]] : wordsRows('', plain(hint))),
    ]),
  ];
}

/** Sentences, in 80 columns: the widest heading is `connections`. */
const wordsRows = (heading: string, sentence: string): string[][] =>
  filled(sentence, 0, 80 - 'connections  '.length)
    .split('\n')
    .map((line, at) => [at === 0 ? heading : '', line]);

/** What is true of the daemon, whoever is logged in. */
export const daemonRows = (state: State, now: number): string[][] => [
  ['daemon', `hoopd ${state.daemon.version}, pid ${state.daemon.pid}, up ${span(now - state.daemon.startedAt)}`],
  ['resolver', resolverRow(state)],
];

/** A heading for what belongs together, and how its names end. */
function profileRows({ profiles: [one] = [] }: State): string[][] {
  if (one === undefined) return [];
  const names = [...(one.isDefault ? ['NAME.hoop'] : []), `NAME.${one.name}.hoop`];
  return [[], ['profile', `${one.name}: ${names.join(', ')}`]];
}

function loginRows(state: State, now: number): string[][] {
  const { login } = state;
  const who = login === null ? '' : plain(login.identity.email);
  if (isUnderWay(state)) return [['login', UNDER_WAY]];
  if (login === null) return [['login', `none: ${loginMend(state)}`]];
  if (login.state === 'expired') return endedRows(who, plain(loginMend(state)));
  if (login.state === 'waiting-for-unlock') return [['login', `${who}, waiting for you to unlock the keychain`]];
  const until = login.certificateUntil === undefined ? [] : [`certificate for ${span(login.certificateUntil - now)}`];
  const lease = login.leaseUntil === undefined ? [] : [`lease until ${clockTime(login.leaseUntil)} UTC`];
  const times = [...until, ...lease].join(', ');
  return [['login', `${who}, ${login.state}, in ${login.store}`], ...(times === '' ? [] : [['', times]])];
}

/** In 80 columns, where the person's address is not long itself. */
const endedRows = (who: string, mend: string): string[][] =>
  mend.startsWith('hoop ')
    ? [['login', `${who}, ended: ${mend}`]]
    : [
        ['login', `${who}, ended:`],
        ['', mend],
      ];

const UNDER_WAY = 'under way: finish it in the browser; hoop login shows where';

/** Programs that are served as soon as the login is there. */
const waitingRows = ({ waiting }: State): string[][] =>
  waiting === 0 ? [] : [['waiting', `${counted(waiting, 'program')}, for the login`]];

function gatewayRow({ gateway, lastGateway }: State): string {
  if (gateway === null) return lastGateway === undefined ? 'none' : `${plain(lastGateway)}, once you are logged in`;
  return `${gateway.url}, ${gateway.state}${gateway.error === undefined ? '' : `: ${plain(gateway.error)}`}`;
}

function resolverRow({ daemon: { resolver } }: State): string {
  if (resolver === null) return 'none';
  return `${resolver.address}:${resolver.port}, ${counted(resolver.answered, 'name')} answered`;
}

function connectionRows({ connections }: State): string[][] {
  const sessions = connections.reduce((sum, one) => sum + one.flows, 0);
  const blocked = connections.filter((one) => one.state === 'blocked');
  return [
    ['connections', `${connections.length}, with ${counted(sessions, 'session')} open`],
    ...blocked.flatMap((one) =>
      wordsRows(
        '',
        `${plain(shownName(one))} not by name: ${one.address}:${one.port} is held by ${plain(one.holder ?? '?')}`,
      ),
    ),
  ];
}

const REFUSED: Record<keyof State['refused'], string> = {
  peers: 'from other users of this machine',
  protocol: 'in another protocol than the connection’s',
  api: 'at hoopd’s own interface, not from hoop',
  ports: 'to a port that the gateway does not allow',
};

/** Each kind on its own line, and only what there was. */
const refusedRows = ({ refused }: State): string[][] =>
  (Object.keys(REFUSED) as (keyof State['refused'])[])
    .filter((kind) => refused[kind] > 0)
    .map((kind, at) => [at === 0 ? 'turned away' : '', `${refused[kind]} ${REFUSED[kind]}`]);

/** What the gateway has said already, as of a person who is disabled, is not said again of the login. */
const problemsOf = (state: State): State['problems'] => [
  ...state.problems,
  ...partsOf(state).flatMap((part) => {
    const trouble = troubleOf(part);
    const [one] = part.profiles ?? [];
    const isSaid = state.problems.some(({ message }) => message === trouble?.message);
    return trouble === undefined || isSaid ? [] : [{ ...trouble, ...(one && { profile: one.name }) }];
  }),
];
