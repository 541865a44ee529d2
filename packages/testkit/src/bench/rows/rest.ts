import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { must } from '../../story/index.js';
import { CONNECTION, finished, freePort } from '../../world/index.js';
import { findProgram } from '../peers.js';
import { absolute, compared, OURS, type Row } from '../row.js';
import type { Stand } from '../stand.js';
import { interleaved, quantile } from '../stats.js';

/** What a login leaves behind (connections to the IdP, spare uplinks) is gone after a minute. */
const SETTLED_MS = 65_000;

/** hoopd with a login and nothing to do. */
export async function atRest(stand: Stand): Promise<Row[]> {
  const status = () => readFileSync(`/proc/${stand.daemonPid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status())?.[1]);
  const seconds = stand.quick ? 5 : 60;
  stand.tell(`the daemon at rest, ${seconds} s`);
  await after(stand.quick ? 2_000 : SETTLED_MS);
  const before = field('voluntary_ctxt_switches');
  await after(seconds * 1_000);
  const wakes = ((field('voluntary_ctxt_switches') - before) * 60) / seconds;
  return [
    absolute({ name: 'daemon at rest, memory', value: (field('VmRSS') * 1.024) / 1_000, unit: 'MB', target: 80 }),
    absolute({ name: 'daemon at rest, wake-ups', value: wakes, unit: 'a minute', target: 1 }),
  ];
}

export async function ls(stand: Stand): Promise<Row[]> {
  stand.tell('hoop ls');
  const { node } = stand.stage.world.programs;
  const commands: Record<string, string[]> = { 'node -e 0': [node, '-e', '0'], [OURS]: ['hoop', 'ls'] };
  const samples = await interleaved(Object.keys(commands), stand.quick ? 8 : 20, async (name) => {
    const { ms } = await must(stand.laptop.run(commands[name]!));
    return ms;
  });
  return [compared({ name: 'hoop ls', peer: 'node -e 0', target: 3, more: false, measured: 'ms' }, samples)];
}

/** dnsperf against our resolver and against dnsmasq, each with the one name. */
export async function dns(stand: Stand): Promise<Row[]> {
  const [dnsmasq, dnsperf] = [findProgram('dnsmasq'), findProgram('dnsperf')];
  if (!dnsmasq || !dnsperf || !stand.resolver) {
    stand.tell('skip DNS: sudo apt install dnsmasq-base dnsperf');
    return [];
  }
  stand.tell('DNS');
  const { world } = stand.stage;
  const port = await freePort();
  const only = [
    '--no-resolv',
    '--no-hosts',
    '--no-daemon',
    '--conf-file=/dev/null',
    '--bind-interfaces',
    '--log-facility=-',
  ];
  const argv = [dnsmasq, ...only, '--listen-address=127.0.0.1', '-p', String(port), `--address=/hoop/127.77.0.3`];
  world.processes.start({
    name: 'dnsmasq',
    argv,
    cwd: world.folder,
    env: process.env,
    log: join(world.folder, 'dnsmasq.log'),
  });
  const servers: Record<string, { address: string; port: number }> = {
    dnsmasq: { address: '127.0.0.1', port },
    [OURS]: stand.resolver,
  };
  const names = join(world.folder, 'names');
  writeFileSync(names, `${CONNECTION}.hoop A\n`);
  await after(300);
  const seconds = String(stand.quick ? 1 : 3);
  const samples = await interleaved(Object.keys(servers), stand.quick ? 2 : 4, async (name) => {
    const server = servers[name]!;
    const flags = ['-s', server.address, '-p', String(server.port), '-d', names, '-l', seconds, '-c', '8'];
    const { stdout } = await must(finished(spawn(dnsperf, flags)));
    return Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]);
  });
  await world.processes.end('dnsmasq');
  const p99 = quantile(await answers(stand.resolver, 2_000), 0.99);
  return [
    compared({ name: 'DNS answers', peer: 'dnsmasq', target: 0.3, more: true, measured: 'qps' }, samples),
    absolute({ name: 'DNS answer, p99', value: p99, unit: 'ms', target: 1, note: 'one at a time' }),
  ];
}

/** Milliseconds of each answer, one question after the other (RFC 1035 §4.1). */
async function answers(server: { address: string; port: number }, count: number): Promise<number[]> {
  const labels = [CONNECTION, 'hoop'].map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const question = Buffer.concat([Buffer.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0), ...labels, Buffer.of(0, 0, 1, 0, 1)]);
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.connect(server.port, server.address, resolve));
  const found: number[] = [];
  for (let n = 0; n < count; n++) {
    const from = performance.now();
    const answered = new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject));
    socket.send(question);
    await answered;
    socket.removeAllListeners('error');
    found.push(performance.now() - from);
  }
  socket.close();
  return found;
}
