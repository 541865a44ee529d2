import type { Credentials } from '../credentials.js';

/** How long a client waits for who is at work on a credential. Milliseconds. */
export interface Patience {
  person: number;
  renewal: number;
}
/** A minute is what a person takes to log in; a gateway that does not answer a renewal is away. */
export const PATIENCE: Patience = { person: 60_000, renewal: 5_000 };

/**
 * Resolves once there is a credential, or nobody is at work on one (any more), or `gone`. A client that comes right after a
 * sleep, or while the person logs in, is so served without having to try again.
 */
export function awaited(
  credentials: Pick<Credentials, 'current' | 'pending' | 'wanted' | 'on'>,
  gone: AbortSignal,
  patience = PATIENCE,
): Promise<void> {
  if (credentials.current() === undefined) credentials.wanted();
  return new Promise((resolve) => {
    const since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const look = () => {
      clearTimeout(timer);
      const who = gone.aborted || credentials.current() !== undefined ? undefined : credentials.pending();
      const left = who === undefined ? 0 : patience[who] - (performance.now() - since);
      if (left > 0) timer = setTimeout(look, left);
      else end();
    };
    const off = credentials.on(look);
    const end = () => {
      off();
      gone.removeEventListener('abort', look);
      resolve();
    };
    gone.addEventListener('abort', look);
    look();
  });
}
