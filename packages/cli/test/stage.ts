import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '@hoop/contracts/http';
import type { LocalConnection, Login, localApi, State } from '@hoop/contracts/local';
import { type Environment, planPaths } from '@hoop/platform';
import type { Daemon } from '../src/client/daemon.js';
import type { Needs } from '../src/command.js';
import { commands } from '../src/commands/index.js';
import { runProgram } from '../src/program.js';

export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

export const pg: LocalConnection = {
  name: 'pg-prod',
  hostname: 'pg-prod.hoop',
  protocol: 'postgres',
  address: '127.77.3.2',
  port: 5432,
  reach: { address: '127.77.3.2', port: 5432, byName: true },
  state: 'ready',
  database: 'shop',
  flows: 0,
};
export const blocked: LocalConnection = {
  ...pg,
  name: 'pg-dev',
  hostname: 'pg-dev.hoop',
  address: '127.77.3.3',
  reach: { address: '127.0.0.1', port: 34_001, byName: false },
  state: 'blocked',
  holder: 'docker-proxy (pid 812)',
  hint: 'hoop connect pg-dev reaches it',
};
export const login: Login = {
  identity: { subject: 'alice', email: 'alice@shop.example', groups: ['dba'] },
  gateway: 'https://gw.example',
  issuer: 'https://idp.example',
  state: 'active',
  store: 'keychain',
  certificateUntil: NOW + 600_000,
  leaseUntil: NOW + 3_600_000,
  since: NOW - 1_000,
};
export const state = (more: Partial<State> = {}): State => ({
  daemon: {
    version: '0.1.0',
    pid: 4711,
    startedAt: NOW - 90_000,
    resolver: { address: '127.77.3.1', port: 5377, answered: 2 },
  },
  login,
  attempt: null,
  gateway: { url: 'https://gw.example', state: 'online', since: NOW, warm: 2 },
  connections: [pg, blocked],
  needs: null,
  waiting: 0,
  refused: { peers: 0, protocol: 0, api: 0, ports: 0 },
  problems: [],
  ...more,
});

const NOTHING = { guardrails: [], masks: [] };

export interface Ran {
  code: number;
  out: string;
  err: string;
}
export interface Stage {
  /** What `state` answers. */
  now?: State;
  /** What it answers once the gateways were asked. */
  probed?: State;
  /** What `watch` yields, in order; then it ends. */
  states?: readonly State[];
  api?: Partial<Caller<typeof localApi>>;
  running?: boolean;
  /** What stdin says. */
  input?: string;
  needs?: Partial<Needs>;
}

export const machineAt = (home: string): Environment => ({
  platform: 'linux',
  home,
  uid: process.getuid?.() ?? 0,
  variables: {},
});

/** Runs `hoop ARGS` in this process, on a daemon that says what the stage says. */
export async function hoop(args: readonly string[], stage: Stage = {}): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', err: '' };
  const machine = machineAt(mkdtempSync(join(tmpdir(), 'hoop-cli-')));
  const now = stage.now ?? state();
  const daemon: Daemon = {
    state: async () => now,
    probed: async () => stage.probed ?? now,
    running: async () => (stage.running === false ? undefined : now),
    watch: async function* () {
      yield* stage.states ?? [now];
    },
    api: async () => ({ controls: async () => NOTHING, ...stage.api }) as Caller<typeof localApi>,
  };
  const needs: Needs = {
    out: (text) => {
      ran.out += text;
    },
    err: (text) => {
      ran.err += text;
    },
    read: async () => stage.input ?? '',
    ask: async () => stage.input ?? '',
    terminal: { in: false, out: false, err: false },
    variables: {},
    supervisor: undefined,
    system: () => import('@hoop/platform/setup'),
    sight: () => Promise.reject(new Error('no machine to look at')),
    ...{ machine, daemon, paths: planPaths(machine), version: '0.1.0', program: 'main.js' },
    onInterrupt: () => () => {},
    onUnread: () => () => {},
    pause: () => new Promise(() => {}),
    now: () => NOW,
    ...stage.needs,
  };
  ran.code = await runProgram(commands, args, needs);
  return ran;
}
