import { cancelRegistry, epitaphOf, isReadable, readStatement, refusalFor, runFlow } from '@hoop/session';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { Gateway } from '../gateway.js';
import { makeLog } from '../log.js';
import { refuseForeign } from '../store/owner.js';
import { checked, failed } from './checks.js';

/** Runs until SIGTERM or SIGINT: then it drains; a second signal ends it at once. SIGHUP reloads the configuration. */
export async function serve(options: { config: string }): Promise<void> {
  const sessions = { runFlow, refusalFor, epitaphOf, isReadable, read: readStatement, cancels: cancelRegistry() };
  const config = loadConfig(options.config);
  refuseForeign(config.data);
  const log = makeLog();
  const gateway = await Gateway.start({ config, log, sessions });
  log.info({ host: config.listen.host, port: gateway.port, name: config.name }, 'serving');
  void warn(options.config, config, log);
  const hangup = () => reload(gateway, options.config, log);
  process.on('SIGHUP', hangup);
  await ended(gateway, log);
  process.off('SIGHUP', hangup);
  log.info('ended');
}

/** What people would run into is said at once. It serves all the same: a database may come up later. */
async function warn(file: string, config: Config, log: ReturnType<typeof makeLog>): Promise<void> {
  for (const { what, detail, hint } of failed(await checked(file, config, { offline: false })))
    log.warn({ check: what, hint }, detail);
}

function ended(gateway: Gateway, log: ReturnType<typeof makeLog>): Promise<void> {
  const hurry = new AbortController();
  return new Promise((resolve, reject) => {
    const stop = (signal: NodeJS.Signals) => {
      if (gateway.draining) return hurry.abort();
      log.info({ signal, flows: gateway.live.size }, 'draining');
      gateway.drain(hurry.signal).then(resolve, reject);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

function reload(gateway: Gateway, file: string, log: ReturnType<typeof makeLog>): void {
  try {
    const config = loadConfig(file);
    gateway.reload(config);
    log.info('configuration reloaded');
    void warn(file, config, log);
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    log.error({ reason: message, hint }, 'configuration refused; the old one stays');
    gateway.audit({ event: 'config-refused', by: 'host', message });
  }
}
