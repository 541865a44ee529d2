import { existsSync } from 'node:fs';
import { EXIT, UserError } from '@hoop/core';
import type { Event, Request, StepName } from '@hoop/platform/setup';
import { type Command, flag, type Input, JSON_OPTION, type Needs, type System, text } from '../command.js';
import type { Report, Verified } from '../report.js';
import { settled } from '../settle.js';
import { namesOf } from './run.js';

export const setup: Command = {
  name: 'setup',
  summary: 'let *.hoop names work everywhere on this machine, and keep hoopd running',
  options: [
    { flags: '--dry-run', summary: 'show what would be done' },
    { flags: '--undo', summary: 'take back what setup did' },
    { flags: '--only STEP', summary: 'this step alone', choices: ['resolver', 'ports', 'ca', 'service'] },
    { flags: '--resolver WHERE', summary: 'address and port of hoop’s resolver, if it is not the one of hoop status' },
    { flags: '--for UID', summary: 'as root: whose set-up it is' },
    JSON_OPTION,
  ],
  examples: ['hoop setup --dry-run', 'hoop setup', 'hoop setup --undo'],
  run: async (needs, input) => {
    const system = await needs.system();
    if (flag(input, 'undo')) return undo(needs, input, system);
    const request = await requestOf(needs, input);
    const [{ planSetup }, { Report }] = await Promise.all([import('@hoop/platform/setup'), import('../report.js')]);
    const machine = system.machineFor(request.uid);
    const report = new Report(planSetup(machine, request));
    if (!flag(input, 'json')) needs.err(report.planText(machine.person.name));
    if (report.nothingCan) throw report.nothingCan;
    if (!flag(input, 'dryRun')) await apply(needs, system, request, report, flag(input, 'json'));
    if (flag(input, 'json')) needs.out(`${JSON.stringify(report.document())}\n`);
    return report.good ? EXIT.ok : EXIT.user;
  },
};

/** Everything that root is told: values, each of a shape that it checks again. */
async function requestOf(needs: Needs, input: Input): Promise<Request> {
  const { USUAL, isCarried } = await import('@hoop/platform/setup');
  const { uid } = needs.machine;
  const resolver = resolverIn(text(input, 'resolver'));
  const only = text(input, 'only') as StepName | undefined;
  const shared = {
    steps: only !== undefined ? [only] : (await wantsCa(needs, input)) ? [...USUAL, 'ca' as const] : USUAL,
    program: { node: process.execPath, main: needs.program },
  };
  if (uid === 0) return { ...shared, ...rootsRequest(needs, input, resolver), variables: {}, names: [], ports: [] };
  const state = await needs.daemon.running();
  return {
    ...shared,
    uid,
    resolver: resolver ?? state?.daemon.resolver ?? (await ownResolver(needs)),
    variables: Object.fromEntries(
      Object.entries(needs.variables).flatMap(([name, value]) => (isCarried(name, value) ? [[name, value]] : [])),
    ),
    names: state === undefined ? [] : namesOf(state),
    ports: (state?.connections ?? []).filter(({ reach }) => !reach.byName).map(({ port }) => port),
    ...(shared.steps.includes('ca') && !flag(input, 'dryRun') && { authority: await makeCa(needs) }),
  };
}

/** A CA is made only for who says so: by `--only ca`, or by a word at the terminal. */
async function wantsCa(needs: Needs, input: Input): Promise<boolean> {
  const isAsked = needs.terminal.err && !flag(input, 'json') && !flag(input, 'dryRun') && needs.machine.uid !== 0;
  if (!isAsked) return false;
  const question = 'Make a CA of this machine’s own, so that sslmode=verify-full works for *.hoop? [y/N] ';
  return /^y(es)?$/i.test((await needs.ask(question)).trim());
}

/** hoopd makes it: the key goes from it to the keychain, and nowhere else. */
const makeCa = async (needs: Needs) => (await needs.daemon.api()).makeAuthority({});

/** Root has no daemon to ask, and asks nobody else's: it is told. */
function rootsRequest(needs: Needs, input: Input, resolver: Request['resolver'] | undefined) {
  const uid = Number(text(input, 'for') ?? needs.variables.SUDO_UID ?? 0);
  if (resolver !== undefined && Number.isInteger(uid) && uid > 0) return { uid, resolver };
  throw new UserError('root', 'run it as yourself: it asks for sudo when it needs it', {
    hint: 'as root: hoop setup --for UID --resolver ADDRESS:PORT',
    exit: 'usage',
  });
}

function resolverIn(given: string | undefined): Request['resolver'] | undefined {
  if (given === undefined) return undefined;
  const [, address, port] = /^(127(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(given) ?? [];
  if (address === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UserError('resolver', 'the resolver is a loopback address and a port', {
      hint: 'hoop status shows it, e.g. 127.77.3.1:5377',
      exit: 'usage',
    });
  }
  return { address, port: Number(port) };
}

async function ownResolver({ machine, paths, now }: Needs): Promise<Request['resolver']> {
  const { expectedResolver } = await import('@hoop/platform/setup');
  return expectedResolver(machine.uid, paths, now());
}

async function apply(needs: Needs, system: System, request: Request, report: Report, quiet: boolean): Promise<void> {
  const [{ digestOf }, { eventText }] = await Promise.all([import('@hoop/platform/setup'), import('../report.js')]);
  const before = (await needs.daemon.running())?.daemon.pid;
  if (report.hasActions) {
    const code = await system.asRoot(['apply', digestOf(report.plans), JSON.stringify(request)], (event) => {
      report.tell(event);
      if (!quiet) needs.err(eventText(event));
    });
    if (code !== 0 && report.good) throw new UserError('root', 'root’s part did not run', { hint: 'hoop setup again' });
  }
  if (report.was('done', 'service')) await handOver(needs, before);
  // Whoever was logged in is so again before this ends, and finds their names.
  if (needs.machine.uid !== 0) await settled(needs);
  if (report.was('done', 'ports') && needs.machine.uid !== 0) await (await needs.daemon.api()).retry({});
  report.verified = await verified(needs, system, request, report);
  if (!quiet) needs.err(report.endText());
}

/** A hoopd that a command started makes room for the one that is kept running. */
async function handOver(needs: Needs, before: number | undefined): Promise<void> {
  if (before !== undefined && (await pidOf(needs)) === before) await (await needs.daemon.api()).stop({});
  for (let tries = 0; tries < 100; tries++) {
    const pid = await pidOf(needs);
    if (pid !== undefined && pid !== before) return;
    await needs.pause(100);
  }
}

const pidOf = async (needs: Needs): Promise<number | undefined> =>
  (await needs.daemon.running().catch(() => undefined))?.daemon.pid;

/** How long names may take to be there. Milliseconds. */
const PATIENCE = 10_000;

/** A name as every program resolves it. A hosts file has no canary: one of its own names stands for all. */
async function verified(needs: Needs, system: System, request: Request, report: Report): Promise<Verified | undefined> {
  if (!report.was('done', 'resolver') && !report.was('in-place', 'resolver')) return undefined;
  const { canaryName } = await import('@hoop/platform/setup');
  const own = report.isDegraded('resolver') ? request.names[0] : undefined;
  const start = needs.now();
  for (;;) {
    const name = own?.hostname ?? canaryName();
    const address = await system.lookUp(name);
    const ms = needs.now() - start;
    if (address === (own?.address ?? request.resolver.address)) return { good: true, name, address, ms };
    if (ms > PATIENCE) return { good: false, name, address: address ?? null, ms };
    await needs.pause(200);
  }
}

const KEPT = 'your login and hoop’s folders stay; after hoop logout, hoop setup --undo removes them too\n';

async function undo(needs: Needs, input: Input, system: System): Promise<number> {
  const quiet = flag(input, 'json');
  const done: Event[] = [];
  const { eventText } = await import('../report.js');
  if (flag(input, 'dryRun')) throw new UserError('usage', 'what is undone is what was done', { exit: 'usage' });
  const only = text(input, 'only');
  if ((only ?? 'ca') === 'ca' && existsSync(needs.paths.authorityFile))
    await (await needs.daemon.api()).forgetAuthority({});
  if (system.isSetUp(needs.machine.platform)) {
    await system.asRoot(['undo', ...(only === undefined ? [] : [only])], (event) => {
      done.push(event);
      if (!quiet) needs.err(eventText(event));
    });
  }
  const failed = done.filter((event) => event.event === 'failed');
  const undone = done.some((event) => event.event === 'undone' && event.entries > 0);
  const isWhole = only === undefined && needs.machine.uid !== 0 && failed.length === 0;
  const forgotten = isWhole && (await (await import('../forget.js')).forgetFolders(needs));
  const told = { undone, forgotten, failed: failed.map(({ message }) => message) };
  if (quiet) needs.out(`${JSON.stringify(told)}\n`);
  else needs.err(`${undone ? 'undone' : 'there is nothing to undo'}\n${isWhole && !forgotten ? KEPT : ''}`);
  return failed.length === 0 ? EXIT.ok : EXIT.user;
}
