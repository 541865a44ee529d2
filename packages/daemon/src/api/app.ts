import { ApiError, failureOf, mount } from '@hoop/contracts/http';
import { type Ended, localApi, type State, WATCH_PATH } from '@hoop/contracts/local';
import { HoopError, UserError } from '@hoop/core';
import { Hono } from 'hono';
import type { LocalAuthority } from '../authority.js';
import type { Credentials } from '../credentials.js';
import type { Log } from '../log.js';
import type { Passed } from './gateway.js';
import type { Watchers } from './watch.js';

type Called = Pick<Credentials, 'start' | 'cancel' | 'logout'>;

/** Each throws a `UserError` where there is no such profile; the default one, if no name is given. */
export interface LocalProfiles {
  get(name?: string): { credentials: Called };
  ensure(name?: string): { credentials: Called };
  use(name: string): void;
  rename(name: string, to: string): Promise<void>;
  remove(name: string): Promise<Ended>;
}

export interface ApiOptions {
  state(): State;
  /** Asks the gateways whether they answer; the state has what they said. */
  probe(): Promise<void>;
  retry(): Promise<State>;
  authority(): Pick<LocalAuthority, 'make' | 'forget'>;
  watchers: Watchers;
  profiles: LocalProfiles;
  /** The gateway of a profile. */
  gateway(profile?: string): Passed;
  /** A foreign Host, or a browser. */
  turnedAway(): void;
  /** Ends the daemon, after the answer is out. */
  stop(): void;
  log: Log;
}

/** The only name the local API answers to: a page that was led here by DNS or by a port has another one. */
const HOST = 'hoopd';

/** The local API (contracts/local). Looks at Host and Origin before anything else. */
export function localApp(options: ApiOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    if (context.req.header('host') !== HOST || context.req.header('origin') !== undefined) {
      options.turnedAway();
      const error = new ApiError(403, 'foreign-request', 'only hoop itself may call this API');
      return context.json(failureOf(error), 403);
    }
    return next();
  });
  mount(app, localApi, handlers(options), () => undefined);
  app.get(WATCH_PATH, (context) =>
    context.body(options.watchers.stream(context.req.raw.signal), 200, { 'content-type': 'application/x-ndjson' }),
  );
  app.notFound((context) => context.json(failureOf(new ApiError(404, 'not-found', 'no such endpoint')), 404));
  app.onError((error, context) => {
    const told = toldAs(error);
    if (told.status === 500) options.log.error({ stack: error.stack, path: context.req.path }, 'a call failed');
    return context.json(failureOf(told), told.status as 500);
  });
  return app;
}

function handlers(options: ApiOptions): Parameters<typeof mount<typeof localApi, undefined>>[2] {
  const { profiles, gateway } = options;
  const login = ({ profile }: { profile?: string | undefined }) => profiles.get(profile).credentials;
  return {
    status: async ({ query }) => {
      if (query.probe) await options.probe();
      return options.state();
    },
    login: ({ body: { profile, ...request } }) => profiles.ensure(profile).credentials.start(request),
    cancelLogin: ({ query }) => ({ cancelled: login(query).cancel() }),
    logout: ({ query }) => login(query).logout(),
    sessions: ({ query: { profile, all, ...more } }) =>
      gateway(profile).sessions({ query: { ...more, all: all ? 'true' : 'false' } }),
    session: ({ id, query }) => gateway(query.profile).session({ id }),
    controls: ({ name, query }) => gateway(query.profile).controls({ name }),
    explain: ({ name, body, query }) => gateway(query.profile).explain({ name, body }),
    useProfile: ({ name }) => {
      profiles.use(name);
      return { name };
    },
    renameProfile: async ({ name, body: { to } }) => {
      await profiles.rename(name, to);
      return { name: to };
    },
    removeProfile: ({ name }) => profiles.remove(name),
    retry: () => options.retry(),
    makeAuthority: () => options.authority().make(Date.now()),
    forgetAuthority: async () => ({ forgotten: await options.authority().forget() }),
    stop: () => {
      options.stop();
      return { stopping: true };
    },
  };
}

/** What the caller can mend is 4xx with its code and hint; the rest is our bug, and its text stays here. */
function toldAs(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof UserError) {
    const status =
      error.exit === 'unavailable' ? 503 : error.exit === 'login' ? 401 : error.exit === 'policy' ? 403 : 422;
    return new ApiError(status, error.code, error.message, { hint: error.hint });
  }
  if (error instanceof HoopError) return new ApiError(503, error.code, error.message, { hint: error.hint });
  return new ApiError(500, 'internal', 'an error in hoopd; its log has more');
}
