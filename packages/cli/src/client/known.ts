import type { State } from '@hoop/contracts/local';
import type { Daemon } from './daemon.js';

/** With a daemon that, before any login, knows the gateway of the configuration as that of the last one: so hints name it. */
export function knowing(daemon: Daemon, gateway: () => Promise<string | undefined>): Daemon {
  const told = async (state: State): Promise<State> => {
    if (state.login !== null || state.lastGateway !== undefined) return state;
    const lastGateway = await gateway().catch(() => undefined);
    return lastGateway === undefined ? state : { ...state, lastGateway };
  };
  return {
    ...daemon,
    state: async () => told(await daemon.state()),
    probed: async () => told(await daemon.probed()),
    running: async () => {
      const state = await daemon.running();
      return state && told(state);
    },
  };
}
