import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config/load.js';
import { onHost } from './host.js';
import { counted, type Terminal, table } from './render.js';

/** The one of this folder, or else of the machine, where the installed service has it. */
const SERVICE_CONFIG = '/etc/hoop-gateway/gateway.yaml';
const ownConfig = () => (!existsSync('gateway.yaml') && existsSync(SERVICE_CONFIG) ? SERVICE_CONFIG : 'gateway.yaml');
const CONFIG = ['-c, --config <file>', 'the gateway.yaml', ownConfig()] as const;
const JSON_FLAG = ['--json', 'one JSON document on stdout'] as const;

/** Told the exit code of a command that ends without an error. */
export type Ended = (code: number) => void;

/** The program hoop-gateway, command by command. What a command needs is loaded by it alone: `users disable` is urgent. */
export function program(io: Terminal, ended: Ended): Command {
  const root = new Command('hoop-gateway')
    .description('The gateway of hoop: knows who people are, opens what they may open, records what they do.')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: () => {}, getOutHelpWidth: () => 80 });
  addInit(root, io);
  root
    .command('check')
    .description('try the configuration: secrets, identity provider, what it is to reach')
    .option(...CONFIG)
    .option('--offline', 'only what needs no network')
    .option(...JSON_FLAG)
    .action(async (options) => ended(await (await import('./check.js')).check(options, io)));
  root
    .command('serve')
    .description('run the gateway (SIGHUP reloads, SIGTERM drains)')
    .option(...CONFIG)
    .action(async (options) => (await import('./serve.js')).serve(options));
  addUsers(root, io);
  addSessions(root, io);
  root
    .command('audit')
    .description('the record')
    .command('verify [copy]')
    .description('check every byte of the record; exit 1 and the first broken entry if it was changed or cut')
    .option(...CONFIG)
    .option('--copy <folder>', 'the same as [copy]: a copy of the record, by itself, without configuration or store')
    .option('--key <sha256>', 'the key that a copy must be sealed by, as the gateway prints it')
    .option(...JSON_FLAG)
    .action(async (copy: string | undefined, options) => {
      const { verifyAudit } = await import('./audit.js');
      ended(await verifyAudit({ copy, ...options }, io));
    });
  return root;
}

function addInit(root: Command, io: Terminal): void {
  const many = (value: string, before: string[]) => [...before, value];
  root
    .command('init')
    .description('write a folder for a new gateway: gateway.yaml, its CA, a server certificate')
    .option('-d, --dir <folder>', 'where', '.')
    .option('--data <folder>', 'for CA, store and record; below --dir, if relative', './data')
    .option('--host <name>', 'a name that laptops dial; the first is the public one (may be repeated)', many, [])
    .option('--listen <address>', 'the address to listen on', '0.0.0.0')
    .option('--port <port>', 'the port to listen on', port, 8443)
    .option('--name <name>', "the gateway's own name", 'gateway')
    .action(async (options) => (await import('./init.js')).init(options, io));
}

function addUsers(root: Command, io: Terminal): void {
  const users = root.command('users').description('people who have logged in');
  users
    .command('ls')
    .description('who has logged in, and who is disabled')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .action(async (options) => {
      const people = await onHost(loadConfig(options.config), (admin) => admin.users({}));
      if (options.json) return io.out(JSON.stringify(people));
      const rows = people.map((it) => [
        it.email,
        it.disabledAt ? 'disabled' : 'enabled',
        when(it.seenAt),
        it.groups.join(', '),
      ]);
      io.out(table([['PERSON', 'STATE', 'LAST SEEN', 'GROUPS'], ...rows]));
    });
  users
    .command('disable <email>')
    .description('end all that a person has open, at once, and let them open nothing more')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .action(async (email: string, options) => {
      const done = await onHost(loadConfig(options.config), (admin) => admin.disable({ body: { email } }));
      io.out(options.json ? JSON.stringify(done) : `disabled ${email}; ${counted(done.flows, 'flow')} ended`);
    });
  users
    .command('enable <email>')
    .description('let a disabled person log in again')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .action(async (email: string, options) => {
      const done = await onHost(loadConfig(options.config), (admin) => admin.enable({ body: { email } }));
      io.out(options.json ? JSON.stringify(done) : `enabled ${email}; they log in again with: hoop login`);
    });
}

function addSessions(root: Command, io: Terminal): void {
  root
    .command('sessions')
    .description('sessions of everyone')
    .command('ls')
    .description('newest first')
    .option(...CONFIG)
    .option('--limit <n>', 'at most so many', count, 50)
    .option(...JSON_FLAG)
    .action(async (options) => {
      const { limit } = options;
      const rows = await onHost(loadConfig(options.config), (admin) => admin.sessions({ query: { limit } }));
      if (options.json) return io.out(JSON.stringify(rows));
      const lines = rows.map((it) => [
        it.id,
        it.person,
        it.connection,
        it.program ?? '',
        when(it.startedAt),
        it.end ?? 'live',
        String(it.statements),
      ]);
      io.out(table([['ID', 'PERSON', 'CONNECTION', 'PROGRAM', 'STARTED', 'END', 'STATEMENTS'], ...lines]));
    });
}

const when = (millis: number) => new Date(millis).toISOString().slice(0, 19).replace('T', ' ');

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new InvalidArgumentError('a port is 1 to 65535.');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new InvalidArgumentError('1 to 1000.');
  return value;
}
