import type { State } from '@hoop/contracts/local';
import { EXIT } from '@hoop/core';
import type { Needs } from './command.js';

/** Shows the state on each change until Ctrl-C, or until nobody reads any more (`hoop ls -w | head -1`). */
export async function follow(needs: Needs, show: (state: State) => void): Promise<number> {
  const { promise: left, resolve: leave } = Promise.withResolvers<number>();
  const offs = [needs.onInterrupt(() => leave(EXIT.interrupted)), needs.onUnread(() => leave(EXIT.ok))];
  const watch = needs.daemon.watch();
  try {
    for (;;) {
      const next = await Promise.race([watch.next(), left]);
      if (typeof next === 'number') return next;
      if (next.done === true) return EXIT.ok;
      show(next.value);
    }
  } finally {
    for (const off of offs) off();
  }
}
