import { ApiError, type Handlers } from '@hoop/contracts/http';
import { adminApi } from './table.js';

type AdminHandlers = Handlers<typeof adminApi, null>;

/** Handlers for the time before the gateway is there: its socket is taken first, so that no two open one data folder. */
export function lateHandlers(current: () => AdminHandlers | undefined): AdminHandlers {
  const late = Object.keys(adminApi).map((name) => [
    name,
    (input: never, call: null) => {
      const handlers = current();
      if (!handlers) throw new ApiError(503, 'starting', 'the gateway is starting', { hint: 'try again in a moment' });
      return handlers[name as keyof AdminHandlers](input, call);
    },
  ]);
  return Object.fromEntries(late) as AdminHandlers;
}
