import { EXIT, UserError } from '@hoop/core';
import type { Request, StepName } from '@hoop/platform/setup';
import { type Command, flag, type Input, JSON_OPTION, type Needs, type System, text } from '../command.js';
import type { Report, Verified } from '../report.js';
import { settled } from '../settle.js';
import { NO_SUDO, undo } from '../undo.js';
import { pidOf } from './daemon.js';
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
    { flags: '--names LIST', summary: 'as root: HOST=ADDRESS,… for /etc/hosts' },
    JSON_OPTION,
  ],
  examples: ['hoop setup --dry-run', 'hoop setup', 'hoop setup --undo'],
  run: async (needs, input) => {
    const system = await needs.system();
    if (flag(input, 'undo')) return undo(needs, input, system);
    const request = await requestOf(needs, input);
    const json = flag(input, 'json');
    const dry = flag(input, 'dryRun');
    // A CA is made only for who says so: by `--only ca`, or by a word at the terminal.
    const offersCa = text(input, 'only') === undefined && needs.machine.uid !== 0 && !json && (dry || watched(needs));
    const shown = await planOf(system, request, offersCa);
    if (!json) (dry ? needs.out : needs.err)(shown.planText(system.machineFor(request.uid).person.name));
    const stuck = shown.nothingCan;
    if (stuck !== undefined && !json) throw stuck;
    const ends = dry || stuck !== undefined;
    const report = ends ? shown : await perform(needs, system, request, { shown, offersCa, json });
    if (json) needs.out(`${JSON.stringify(report.document())}\n`);
    return report.good && stuck === undefined ? EXIT.ok : EXIT.user;
  },
};

const watched = ({ terminal, machine }: Needs): boolean => terminal.err && machine.uid !== 0;

/** `offersCa`: it is shown as what a yes would do. */
async function planOf(system: System, request: Request, offersCa = false): Promise<Report> {
  const [{ planSetup, TO_MAKE }, { Report }] = await Promise.all([
    import('@hoop/platform/setup'),
    import('../report.js'),
  ]);
  const machine = system.machineFor(request.uid);
  const offered = offersCa ? planSetup(machine, { ...request, steps: ['ca'], authority: TO_MAKE }) : [];
  return new Report(planSetup(machine, request), offered);
}

interface About {
  shown: Report;
  offersCa: boolean;
  json: boolean;
}

/** What was shown is agreed to, by a person who watches, before any of it is done. */
async function perform(needs: Needs, system: System, request: Request, about: About): Promise<Report> {
  const { shown, offersCa, json } = about;
  const isRoot = system.canBeRoot();
  if (shown.hasActions && !isRoot) throw noRoot(request, shown);
  if (shown.hasActions && watched(needs) && !json && !(await says(needs, 'Do this, as root? [Y/n] ', true)))
    throw new UserError('declined', 'nothing was done');
  const more = offersCa && isRoot && (await says(needs, CA_QUESTION, false)) ? ['ca' as const] : [];
  const steps = [...request.steps, ...more];
  const agreed = { ...request, steps, ...(steps.includes('ca') && (await madeCa(needs))) };
  const report = await planOf(system, agreed);
  await apply(needs, system, agreed, report, json);
  return report;
}

const CA_QUESTION = 'Make a CA too, for sslmode=verify-full to *.hoop? [y/N] ';

async function says(needs: Needs, question: string, usual: boolean): Promise<boolean> {
  const answer = (await needs.ask(question)).trim();
  return answer === '' ? usual : /^y(es)?$/i.test(answer);
}

/** The same set-up as root does it: all that root asks nobody for is in the command. A CA is not among it: hoopd makes it. */
function noRoot({ uid, resolver, names, steps }: Request, shown: Report): UserError {
  const list = names.map(({ hostname, address }) => `${hostname}=${address}`).join(',');
  const words = [
    ...['--for', String(uid), '--resolver', `${resolver.address}:${resolver.port}`],
    ...(shown.isDegraded('resolver') ? ['--names', list] : []),
    ...(steps.length === 1 ? ['--only', ...steps] : []),
  ];
  const hint = steps.includes('ca')
    ? 'install sudo, then hoop setup --only ca'
    : `as root: hoop setup ${words.join(' ')}`;
  return new UserError('root', NO_SUDO, { hint });
}

/** Everything that root is told: values, each of a shape that it checks again. */
async function requestOf(needs: Needs, input: Input): Promise<Request> {
  const { USUAL, isCarried, TO_MAKE } = await import('@hoop/platform/setup');
  const { uid } = needs.machine;
  const resolver = resolverIn(text(input, 'resolver'));
  const only = text(input, 'only') as StepName | undefined;
  const shared = {
    steps: only === undefined ? USUAL : [only],
    program: { node: process.execPath, main: needs.program },
  };
  if (uid === 0) return { ...shared, ...(await rootsRequest(needs, input, resolver)), variables: {}, ports: [] };
  const state = await needs.daemon.running();
  return {
    ...shared,
    uid,
    resolver: resolver ?? (await ownResolver(needs, state?.daemon.resolver?.address)),
    variables: Object.fromEntries(
      Object.entries(needs.variables).flatMap(([name, value]) => (isCarried(name, value) ? [[name, value]] : [])),
    ),
    names: state === undefined ? [] : namesOf(state),
    ports: (state?.connections ?? []).filter(({ reach }) => !reach.byName).map(({ port }) => port),
    ...(only === 'ca' && { authority: TO_MAKE }),
  };
}

/** hoopd makes it: the key goes from it to the keychain, and nowhere else. */
const madeCa = async (needs: Needs) => ({ authority: await (await needs.daemon.api()).makeAuthority({}) });

/** Root has no daemon to ask, and asks nobody else's: it is told. */
async function rootsRequest(needs: Needs, input: Input, resolver: Request['resolver'] | undefined) {
  const uid = Number(text(input, 'for') ?? needs.variables.SUDO_UID ?? 0);
  if (resolver !== undefined && Number.isInteger(uid) && uid > 0)
    return { uid, resolver, names: await namesIn(text(input, 'names')) };
  throw new UserError('root', 'run it as yourself: it asks for sudo when it needs it', {
    hint: 'as root: hoop setup --for UID --resolver ADDRESS:PORT (hoop status shows it)',
    exit: 'usage',
  });
}

async function namesIn(given = ''): Promise<Request['names']> {
  const { isName } = await import('@hoop/platform/setup');
  const names = given
    .split(',')
    .filter(Boolean)
    .map((one) => {
      const [hostname = '', address = ''] = one.split('=');
      return { hostname, address };
    });
  if (names.every(isName)) return names;
  throw new UserError('names', 'a name is below .hoop and its address is a loopback one: pg-prod.hoop=127.77.3.2', {
    exit: 'usage',
  });
}

function resolverIn(given: string | undefined): Request['resolver'] | undefined {
  if (given === undefined) return undefined;
  const [, address, port] = /^(127(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(given) ?? [];
  if (address === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UserError('resolver', 'the resolver is a loopback address and a port', {
      hint: 'hoop status shows it, e.g. 127.77.3.1:12',
      exit: 'usage',
    });
  }
  return { address, port: Number(port) };
}

/** Where hoopd is, or will be, on a port that nobody else may take while it is down. */
async function ownResolver({ machine, paths, now }: Needs, address?: string): Promise<Request['resolver']> {
  const { expectedAddress, routedPort } = await import('@hoop/platform/setup');
  return { address: address ?? expectedAddress(machine.uid, paths, now()), port: routedPort(machine.platform) };
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
  const isNew = report.was('done', 'ports') || report.was('done', 'resolver');
  if (isNew && needs.machine.uid !== 0) await (await needs.daemon.api()).retry({});
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

/** How long names may take to be there. Milliseconds. */
const PATIENCE = 10_000;

/** A name as every program resolves it, and as only hoopd can answer it. A hosts file has no canary: one of its own names stands for all. */
async function verified(needs: Needs, system: System, request: Request, report: Report): Promise<Verified | undefined> {
  if (!report.was('done', 'resolver') && !report.was('in-place', 'resolver')) return undefined;
  const { canaryName } = await import('@hoop/platform/setup');
  const own = report.isDegraded('resolver') ? request.names[0] : undefined;
  const start = needs.now();
  for (;;) {
    const name = own?.hostname ?? canaryName();
    const address = await system.lookUp(name);
    const expected =
      own?.address ?? (await system.askOurs(request.resolver, name, { ...needs.machine, uid: request.uid }));
    const ms = needs.now() - start;
    if (address !== undefined && address === expected) return { good: true, name, address, ms };
    if (ms > PATIENCE) return { good: false, name, address: address ?? null, ms };
    await needs.pause(200);
  }
}
