import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { must } from '../story/index.js';
import { finished, found, freePort, said, type World } from '../world/index.js';

/** A way to the database, as a client sees it. */
export interface Path {
  name: string;
  host: string;
  port: number;
}

/** Why a peer is not measured here, by its name. */
export type Missing = Record<string, string>;
export interface Peers {
  paths: Path[];
  missing: Missing;
}

const LOOPBACK = '127.0.0.1';

/** Starts what we compare with: each a real tunnel from a port here to the database, whose TLS and SCRAM stay the client's. */
export async function startPeers(world: World): Promise<Peers> {
  const folder = join(world.folder, 'peers');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { key, certificate } = await world.company.authority.issue(['localhost'], { client: true });
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  writeFileSync(keyFile, key, { mode: 0o600 });
  writeFileSync(certificateFile, certificate);
  const ground = { world, folder, keyFile, certificateFile, database: world.company.cluster.port };
  const peers: Peers = { paths: [{ name: 'direct', host: LOOPBACK, port: ground.database }], missing: {} };
  for (const [name, { program, cure, start }] of Object.entries(PEERS)) {
    const at = program === undefined ? process.execPath : findProgram(program);
    if (at === undefined) peers.missing[name] = `${program}: not installed; sudo apt install ${cure}`;
    else peers.paths.push({ name, host: LOOPBACK, port: await start(ground, at) });
  }
  return peers;
}

interface Ground {
  world: World;
  folder: string;
  keyFile: string;
  certificateFile: string;
  database: number;
}
interface Peer {
  program?: string;
  cure?: string;
  start(ground: Ground, program: string): Promise<number>;
}
const PEERS: Record<string, Peer> = {
  stunnel: { program: 'stunnel', cure: 'stunnel4', start: stunnels },
  pump: { start: pumps },
  ssh: { program: 'sshd', cure: 'openssh-server openssh-client', start: ssh },
};

/** Debian keeps servers where a user's PATH does not look. */
export const findProgram = (name: string) => found(name) ?? [`/usr/sbin/${name}`].find((path) => existsSync(path));

function begin({ world, folder }: Ground, name: string, argv: readonly string[]) {
  const child = world.processes.start({ name, argv, cwd: folder, env: process.env, log: join(folder, `${name}.log`) });
  child.stdin?.end();
  return child;
}

async function listening(port: number, what: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await after(50)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, LOOPBACK, () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
  }
  throw new Error(`${what} does not listen`);
}

/** Mutual TLS 1.3 between two stunnels; both checked, TCP_NODELAY as a database client wants it. */
async function stunnels(ground: Ground, program: string): Promise<number> {
  const { world, folder, keyFile, certificateFile, database } = ground;
  const [outer, inner] = [await freePort(), await freePort()];
  const tls = `cert = ${certificateFile}\nkey = ${keyFile}\nCAfile = ${world.company.caFile}\nverifyChain = yes\n`;
  const head = 'foreground = yes\npid =\nsyslog = no\ndebug = 4\nsocket = l:TCP_NODELAY=1\nsocket = r:TCP_NODELAY=1\n';
  const ends = {
    server: `${head}[pg]\naccept = ${LOOPBACK}:${outer}\nconnect = ${LOOPBACK}:${database}\n${tls}sslVersionMin = TLSv1.3\n`,
    client: `${head}[pg]\nclient = yes\naccept = ${LOOPBACK}:${inner}\nconnect = ${LOOPBACK}:${outer}\n${tls}checkHost = localhost\n`,
  };
  for (const [end, text] of Object.entries(ends)) {
    const file = join(folder, `stunnel-${end}.conf`);
    writeFileSync(file, text);
    begin(ground, `stunnel-${end}`, [program, file]);
    await listening(end === 'server' ? outer : inner, `stunnel's ${end}`);
  }
  return inner;
}

async function pumps(ground: Ground, node: string): Promise<number> {
  const { world, keyFile, certificateFile, database } = ground;
  const program = join(import.meta.dirname, 'pump.js');
  let port = database;
  for (const role of ['server', 'client']) {
    const argv = [node, program, role, keyFile, certificateFile, world.company.caFile, String(port)];
    const [, told] = await said(begin(ground, `pump-${role}`, argv), /listening (\d+)/, `the pump's ${role}`);
    port = Number(told);
  }
  return port;
}

/** `ssh -L` to a server of our own, with keys made for this run. */
async function ssh(ground: Ground, program: string): Promise<number> {
  const { folder, database } = ground;
  for (const name of ['host', 'user'])
    await must(finished(spawn('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])));
  chmodSync(folder, 0o711);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const [server, local] = [await freePort(), await freePort()];
  const options = [
    ...['-D', '-e', '-f', '/dev/null', '-h', join(folder, 'host'), '-p', String(server)],
    ...[`ListenAddress=${LOOPBACK}`, `AuthorizedKeysFile=${join(folder, 'user.pub')}`, 'PidFile=none'].flatMap(option),
    ...['UsePAM=no', 'StrictModes=no', 'PasswordAuthentication=no', 'PermitRootLogin=prohibit-password'].flatMap(
      option,
    ),
  ];
  begin(ground, 'sshd', [program, ...options]);
  await listening(server, 'sshd');
  const trust = [`UserKnownHostsFile=${join(folder, 'known')}`, 'StrictHostKeyChecking=accept-new', 'BatchMode=yes'];
  begin(ground, 'ssh', [
    ...['ssh', '-F', '/dev/null', '-N', '-p', String(server), '-i', join(folder, 'user')],
    ...[...trust, 'ExitOnForwardFailure=yes', 'IdentitiesOnly=yes'].flatMap(option),
    ...['-L', `${LOOPBACK}:${local}:${LOOPBACK}:${database}`, `${userInfo().username}@${LOOPBACK}`],
  ]);
  await listening(local, 'ssh -L');
  return local;
}
const option = (text: string) => ['-o', text];
