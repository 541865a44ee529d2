import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { type HandmadeLogin, handmadeLogin, openFlow } from '../handmade/index.js';
import { STAFF } from '../idp/people.js';
import { asAccount, CONNECTION, CONTACT, finished, type Laptop } from '../world/index.js';
import { logIn } from './alice.js';
import { listed, must, nextLine, type Stage, sqlClient, standIn } from './stage.js';
import { Skip, type Step } from './step.js';

const gatewayTrouble = ({ world }: Stage) => ({
  next: `./scripts/hoop-gateway audit verify --config ${world.company.configFile}`,
  log: world.company.log('gateway'),
});

/** Audit lines of one kind, so far. */
const audited = ({ world }: Stage, event: string, code: string) =>
  world.company.record().filter((line) => line.kind === 'audit' && line.event === event && line.code === code).length;

/** Waits until the audit has one more: it is written within a turn of the gateway's loop, read here from disk. */
async function auditGrows(stage: Stage, event: string, code: string, before: number): Promise<void> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await after(50))
    if (audited(stage, event, code) > before) return;
  throw new Error(`the gateway's audit has no ${event} with ${code}`);
}

function alicesOwn({ world }: Stage): Promise<HandmadeLogin> {
  const { company } = world;
  return handmadeLogin(company.gatewayUrl, company.issuer, company.authority.certificate, STAFF[0]!);
}

export const LIMITS: readonly Step<Stage>[] = [
  {
    group: 'Limits',
    name: 'port',
    needs: ['ls'],
    async run(stage) {
      const { company } = stage.world;
      const { address } = await listed(stage.world.laptop('alice'));
      const here = await dial(address, 22);
      if (here !== 'ECONNREFUSED') throw new Error(`${address}:22 here: ${here}`);
      const before = audited(stage, 'flow-refused', 'port-refused');
      const to = { port: company.gatewayPort, ca: company.authority.certificate, ...(await alicesOwn(stage)) };
      const { close, error } = await openFlow(to, { connection: CONNECTION, port: 22 });
      if (close?.code !== 'port-refused') throw new Error(`HEAD for port 22: ${close?.code ?? error ?? 'not refused'}`);
      await auditGrows(stage, 'flow-refused', 'port-refused', before);
      return `${address}:22 refused here; HEAD for port 22 refused by the gateway, audited`;
    },
    trouble: gatewayTrouble,
  },
  {
    group: 'Limits',
    name: 'bob',
    needs: ['ls'],
    async run(stage) {
      await logIn(stage, 'bob');
      const laptop = stage.world.laptop('bob');
      const { address, port } = (await listed(laptop)).reach;
      const { stderr } = await must(laptop.run(sqlClient(stage, address, port, 'select 1')), 2);
      // psql keeps the SQLSTATE of a refused connection to itself; the driver tells it.
      const driver = await must(laptop.run(standIn(stage, address, port, 'select 1')), 2);
      const told = [`bob@shop.example may not open ${CONNECTION}`, `ask ${CONTACT}`];
      for (const part of told) if (!stderr.includes(part)) throw new Error(`bob is told: ${stderr.trim()}`);
      if (!/FATAL:\s+28000/.test(driver.stderr)) throw new Error(`the driver is told: ${driver.stderr.trim()}`);
      return `FATAL 28000: bob@shop.example may not open ${CONNECTION}. HINT: ask ${CONTACT}`;
    },
    trouble: gatewayTrouble,
  },
  {
    group: 'Limits',
    name: 'mallory',
    needs: ['ls'],
    async run(stage) {
      const { mallory, company } = stage.world;
      if (!mallory)
        throw new Skip('another OS user is needed, and only root can make one', 'sudo ./scripts/demo --check');
      const { address, port } = (await listed(stage.world.laptop('alice'))).reach;
      const before = company.record().length;
      const told = await asMallory(stage, address, port);
      if (told !== 'ECONNRESET 0') throw new Error(`mallory's connection: ${told}`);
      const opened = company
        .record()
        .slice(before)
        .filter((line) => line.kind === 'begin' || line.kind === 'audit');
      if (opened.length > 0) throw new Error(`the gateway heard of it: ${JSON.stringify(opened[0])}`);
      return `another OS user on ${address}:${port}: reset, 0 bytes at the gateway`;
    },
    trouble: gatewayTrouble,
  },
  { group: 'Limits', name: 'leaver', needs: ['ls'], run: leaver, trouble: gatewayTrouble },
];

/** What becomes of a TCP connection: `open`, or the error's code. */
function dial(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once('connect', () => {
      socket.destroy();
      resolve('open');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** Sends a startup packet (PostgreSQL's message formats) and tells how it ended and how many bytes came back. */
const KNOCK = `const s = require('node:net').connect(Number(process.argv[2]), process.argv[1]);
let n = 0;
s.on('connect', () => s.write(Buffer.from('0000001a0003000075736572006d616c6c6f72790000', 'hex')));
s.on('data', (b) => { n += b.length; });
s.on('error', (e) => { console.log(e.code, n); process.exit(); });
s.on('close', () => console.log('closed', n));
setTimeout(() => { console.log('open', n); process.exit(); }, 3000).unref();`;

async function asMallory({ world }: Stage, address: string, port: number): Promise<string> {
  const child = spawn(world.programs.node, ['-e', KNOCK, address, String(port)], {
    ...asAccount(world.mallory),
    cwd: '/',
    env: {
      PATH: process.env.PATH,
      ...(process.env.LD_LIBRARY_PATH && { LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return (await must(finished(child))).stdout.trim();
}

/** A statement that runs until somebody ends it, and one session that must not notice. */
async function leaver(stage: Stage): Promise<string> {
  const { world } = stage;
  await logIn(stage, 'carol');
  const carol = await openSession(stage, world.laptop('carol'));
  const alice = world.laptop('alice');
  const { address, port } = (await listed(alice)).reach;
  const hers = finished(alice.spawn(sqlClient(stage, address, port, 'select pg_sleep(120)')), 30_000);
  await running(stage, 'select pg_sleep(120)');
  const ended = hers.then(() => Date.now());
  await must(world.company.gateway('users', 'disable', 'alice@shop.example'));
  const { code, stderr } = await hers;
  const ms = (await ended) - disabledAt(stage);
  if (code === 124) throw new Error("alice's session was not ended");
  if (!/28000/.test(stderr)) throw new Error(`alice is told: ${stderr.trim()}`);
  await gone(stage, 'select pg_sleep(120)');
  if ((await carol.ask('select 2')) !== '2') throw new Error("carol's session ended too");
  await carol.end();
  return `users disable alice: her open psql ended in ${Math.round(ms)} ms with 28000; carol's went on`;
}

/** When the gateway took note of it, by its audit: the command's own start is not its doing. */
function disabledAt({ world }: Stage): number {
  const line = world.company.record().findLast(({ kind, event }) => kind === 'audit' && event === 'identity-disabled');
  if (typeof line?.at !== 'number') throw new Error('the audit has no identity-disabled');
  return line.at;
}

async function openSession(stage: Stage, laptop: Laptop) {
  const { address, port } = (await listed(laptop)).reach;
  const child = laptop.spawn(sqlClient(stage, address, port));
  const ask = (statement: string) => {
    const line = nextLine(child);
    child.stdin?.write(`${statement};\n`);
    return line;
  };
  if ((await ask('select 1')) !== '1') throw new Error(`${laptop.person.name}'s session does not answer`);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = () => {
    child.stdin?.end();
    return closed;
  };
  return { ask, end };
}

/** PostgreSQL itself is asked whether the statement runs. */
const count = async ({ world }: Stage, statement: string) => {
  const text = `select count(*)::int as n from pg_stat_activity where state = 'active' and query = '${statement}'`;
  return Number((await world.company.cluster.sql(text))[0]?.n);
};
async function running(stage: Stage, statement: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await after(50))
    if ((await count(stage, statement)) > 0) return;
  throw new Error('the statement did not reach the database');
}
async function gone(stage: Stage, statement: string): Promise<void> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await after(20))
    if ((await count(stage, statement)) === 0) return;
  throw new Error('the statement still runs in the database');
}
