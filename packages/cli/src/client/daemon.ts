import type { Caller } from '@hoop/contracts/http';
import type { localApi, State, WATCH_PATH, WatchLine } from '@hoop/contracts/local';
import { HoopError, UserError } from '@hoop/core';
import { checkSocket } from '@hoop/platform';
import { type Answer, ask, jsonOf, type Request } from './http.js';
import { SILENT } from './silence.js';

/** hoopd, as the commands see it: started on first need. */
export interface Daemon {
  /** The state, once; `start`: with a daemon that is started if none runs, else undefined without one. */
  state(): Promise<State>;
  /** The same, when each gateway was asked whether it answers: within three seconds. */
  probed(): Promise<State>;
  running(): Promise<State | undefined>;
  /** The state now and after each change, until the caller stops reading. */
  watch(): AsyncGenerator<State>;
  /** Every call of the contract, checked by its schemas; these load only here, since they take as long as all of `ls`. */
  api(): Promise<Caller<typeof localApi>>;
}

const STATUS: (typeof localApi)['status']['path'] = '/v1/status';
const WATCH: typeof WATCH_PATH = '/v1/watch';

/** A hoopd that is alive tells its state in milliseconds. */
const PATIENCE = 4_000;

export interface About {
  start(): Promise<void>;
  /** What ends a hoopd that is silent. */
  silenceMend: string;
  /** Whose hoopd it is. */
  uid: number;
  /** Milliseconds. */
  patience?: number;
}

export function daemonAt(socket: string, { start, silenceMend, uid, patience = PATIENCE }: About): Daemon {
  const asked = async (request: Request, patience?: number) => {
    checkSocket(socket, uid);
    return ask(socket, request, patience);
  };
  const get = (path: string) => asked({ method: 'GET', path }, patience);
  const lost = (cause: unknown): HoopError =>
    cause instanceof HoopError
      ? cause
      : codeOf(cause) === 'SILENT'
        ? new UserError('daemon-silent', SILENT, { hint: silenceMend, exit: 'unavailable', cause })
        : noAnswer(cause);
  /** As long as whoever hoopd asks needs to answer it; a hoopd that is alive tells its state meanwhile. */
  const askWatched = (request: Request) => {
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      const look = () => void get(STATUS).catch((error) => codeOf(error) === 'SILENT' && reject(error));
      timer = setTimeout(look, patience / 2);
    });
    return Promise.race([asked(request), silent]).finally(() => clearTimeout(timer));
  };
  /** Asks; starts the daemon if nobody listens, and asks again. */
  const started = async (request: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await request();
    } catch (error) {
      if (!isAbsent(error)) throw lost(error);
    }
    await start();
    return request().catch((error) => Promise.reject(lost(error)));
  };
  return {
    state: async () => documentOf<State>(await started(() => get(STATUS))),
    probed: async () => documentOf<State>(await started(() => get(`${STATUS}?probe=true`))),
    running: async () => {
      try {
        return await documentOf<State>(await get(STATUS));
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw lost(error);
      }
    },
    watch: async function* () {
      const answer = await started(() => get(WATCH));
      if (answer.status !== 200) await documentOf(answer);
      try {
        yield* states(lines(answer.chunks));
      } finally {
        answer.end();
      }
    },
    api: async () => {
      const [{ callerOf }, { localApi: table }] = await Promise.all([
        import('@hoop/contracts/http'),
        import('@hoop/contracts/local'),
      ]);
      return callerOf(table, async (request) => {
        const answer = await started(() => askWatched(request));
        return { status: answer.status, body: await jsonOf(answer) };
      });
    },
  };
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
const isAbsent = (error: unknown) => ['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '');

function noAnswer(cause: unknown): UserError {
  const code = codeOf(cause) ?? 'unknown';
  return new UserError('daemon-unreachable', `hoop's daemon does not answer (${code})`, {
    hint: 'hoop daemon stop, then try again',
    exit: 'unavailable',
    cause,
  });
}

/** The daemon is of this program's own build: its documents are taken as they are. */
async function documentOf<T>(answer: Answer): Promise<T> {
  const body = await jsonOf(answer);
  if (answer.status === 200 && body !== undefined) return body as T;
  const { error } = (body ?? {}) as { error?: { code: string; message: string; hint?: string } };
  if (error === undefined) throw noAnswer({ code: `status ${answer.status}` });
  throw new HoopError(error.code, error.message, { hint: error.hint });
}

async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const chunk of chunks) {
    const parts = (held + chunk).split('\n');
    held = parts.pop() ?? '';
    yield* parts.filter((line) => line !== '');
  }
}

async function* states(from: AsyncIterable<string>): AsyncGenerator<State> {
  let state: State | undefined;
  for await (const line of from) {
    const news = JSON.parse(line) as WatchLine;
    state = news.type === 'snapshot' ? news.state : state && ({ ...state, ...news.changed } as State);
    if (state !== undefined) yield state;
  }
}
