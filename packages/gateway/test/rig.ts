import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cancelRegistry, epitaphOf, isReadable, readStatement, refusalFor, runFlow } from '@hoop/session';
import { pino } from 'pino';
import { Config } from '../src/config/schema.js';
import { Gateway } from '../src/gateway.js';
import { Authority } from '../src/identity/authority.js';
import { Idp } from './idp.js';
import { keyPair, Laptop, type Pair } from './laptop.js';

export const silent = pino({ level: process.env.HOOP_LOG ?? 'silent' }, pino.destination({ fd: 2, sync: true }));
export const sessions = () => ({
  runFlow,
  refusalFor,
  epitaphOf,
  isReadable,
  read: readStatement,
  cancels: cancelRegistry(),
});
export const temporary = () => mkdtempSync(join(tmpdir(), 'hoop-gateway-'));

/** One CA and one laptop key for all rigs of a file: RSA keys take their time, and no test needs them to differ. */
let made: Promise<string> | undefined;
const pair = keyPair();
function authority(): Promise<string> {
  made ??= (async () => {
    const folder = join(temporary(), 'ca');
    await (await Authority.create(folder, 'test')).server(['localhost', '127.0.0.1']);
    return folder;
  })();
  return made;
}

/** A clock that a test moves. */
export class Clock {
  ahead = 0;
  now = () => Date.now() + this.ahead;
}

/** An upstream that sends back what it gets. */
export async function echo(): Promise<{ server: Server; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, sockets };
}

/** A gateway in this process, with an IdP, an echoing upstream and hand-made laptops. */
export class Rig {
  readonly folder = temporary();
  readonly clock = new Clock();
  idp!: Idp;
  upstream!: Awaited<ReturnType<typeof echo>>;
  ca!: string;
  gateway!: Gateway;

  /** What of the sessions another is put in place of. */
  sessions = sessions();

  static async start(extra: object = {}, own = sessions()): Promise<Rig> {
    const rig = new Rig();
    rig.sessions = own;
    rig.idp = await Idp.start();
    rig.upstream = await echo();
    cpSync(await authority(), join(rig.folder, 'ca'), { recursive: true });
    rig.ca = Authority.open(join(rig.folder, 'ca')).pem;
    await rig.serve(extra);
    return rig;
  }

  config(extra: object = {}): Config {
    return Config.parse({
      name: 'shop',
      listen: { host: '127.0.0.1', port: 0 },
      publicHost: 'localhost',
      data: this.folder,
      idp: { issuer: this.idp.issuer, clientId: 'hoop', deviceFlow: true },
      connections: {
        echo: {
          protocol: 'tcp',
          host: '127.0.0.1',
          port: this.upstream.port,
          listen: 7000,
          contact: 'carol@shop.example (security)',
          tls: { mode: 'disable' },
        },
        hidden: {
          protocol: 'tcp',
          host: '127.0.0.1',
          port: this.upstream.port,
          listen: 7001,
          tls: { mode: 'disable' },
        },
        'pg-prod': {
          protocol: 'postgres',
          host: '127.0.0.1',
          databases: ['shop'],
          user: 'app',
          contact: 'carol@shop.example (security)',
          tls: { mode: 'disable' },
        },
      },
      roles: {
        dba: { groups: ['dba'], connect: ['echo', 'pg-*'] },
        developer: { groups: ['developer'], see: ['echo', 'pg-prod'] },
        security: { groups: ['security'], see: ['*'], connect: ['echo'] },
        auditor: { groups: ['security'] },
      },
      drainSeconds: 0,
      ...extra,
    });
  }

  async serve(extra: object = {}): Promise<void> {
    this.gateway = await Gateway.start({
      config: this.config(extra),
      log: silent,
      sessions: this.sessions,
      now: this.clock.now,
    });
  }

  laptop(own: Pair = pair): Laptop {
    return new Laptop(this.gateway.port, this.ca, own);
  }

  /** The record's lines as they are on disk, oldest first. */
  async record(): Promise<Record<string, unknown>[]> {
    await this.gateway.record.sync();
    const folder = this.gateway.recordFolder;
    const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    const text = names.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
    const lines = text.join('').trim().split('\n');
    return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async audited(event: string): Promise<Record<string, unknown>[]> {
    return (await this.record()).filter((line) => line.event === event);
  }

  async stop(): Promise<void> {
    await this.gateway.drain(AbortSignal.abort(), 0);
    this.idp.stop();
    for (const socket of this.upstream.sockets) socket.destroy();
    this.upstream.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
