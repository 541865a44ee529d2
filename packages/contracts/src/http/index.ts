import { HoopError } from '@hoop/core';
import type { Context, Hono } from 'hono';
import * as z from 'zod';

/**
 * An HTTP API as a table of endpoints, written once: the typed client (`callerOf`), the server's routes (`mount`) and
 * the OpenAPI document (`openapi`) all derive from it.
 */
export interface Endpoint {
  method: 'GET' | 'POST' | 'DELETE';
  /** Hono's form: `/v1/sessions/:id`. Each `:name` is a string parameter. */
  path: string;
  summary: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  answer: z.ZodType;
}
export type Table = Record<string, Endpoint>;

type Params<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name | keyof Params<Rest>]: string }
  : P extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : unknown;
type Input<E extends Endpoint> = Params<E['path']> &
  (E['query'] extends z.ZodType ? { query?: z.input<E['query']> } : unknown) &
  (E['body'] extends z.ZodType ? { body: z.input<E['body']> } : unknown);
type Parsed<E extends Endpoint> = Params<E['path']> &
  (E['query'] extends z.ZodType ? { query: z.output<E['query']> } : unknown) &
  (E['body'] extends z.ZodType ? { body: z.output<E['body']> } : unknown);

/** Carries one request. Answers the status and the JSON document; throws only when there is no answer. */
export type Send = (request: {
  method: string;
  path: string;
  body: unknown;
}) => Promise<{ status: number; body: unknown }>;
export type Caller<T extends Table> = { [K in keyof T]: (input: Input<T[K]>) => Promise<z.output<T[K]['answer']>> };
/** The server's side. `call` is what the server knows of the caller (its identity, its socket). */
export type Handlers<T extends Table, Call> = {
  [K in keyof T]: (input: Parsed<T[K]>, call: Call) => z.input<T[K]['answer']> | Promise<z.input<T[K]['answer']>>;
};

/** The one shape in which both APIs say no. */
export const Failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});
export type Failure = z.infer<typeof Failure>;

/** An error with the HTTP status it is told by; thrown by handlers, rebuilt by `callerOf`. */
export class ApiError extends HoopError {
  readonly status: number;

  constructor(
    status: number,
    code: string,
    message: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(code, message, options);
    this.status = status;
  }
}

export function callerOf<T extends Table>(table: T, send: Send): Caller<T> {
  const calls = Object.entries(table).map(([name, endpoint]) => [name, (input: Loose) => call(endpoint, input, send)]);
  return Object.fromEntries(calls) as Caller<T>;
}

interface Loose extends Record<string, unknown> {
  query?: Record<string, unknown>;
  body?: unknown;
}

async function call(endpoint: Endpoint, input: Loose, send: Send): Promise<unknown> {
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {}))
    if (value !== undefined) query.set(name, String(value));
  const url = query.size > 0 ? `${path}?${query}` : path;
  const { status, body } = await send({ method: endpoint.method, path: url, body: input.body });
  if (status < 400) return answered(endpoint.answer.safeParse(body), status);
  const failure = Failure.safeParse(body);
  if (!failure.success) throw new ApiError(status, 'bad-answer', `unexpected answer, HTTP status ${status}`);
  const { code, message, hint } = failure.data.error;
  throw new ApiError(status, code, message, { hint });
}

function answered(result: z.ZodSafeParseResult<unknown>, status: number): unknown {
  if (result.success) return result.data;
  throw new ApiError(status, 'bad-answer', `an answer out of shape: ${z.prettifyError(result.error)}`);
}

/** Puts every endpoint of the table on `app`. Bad input is 400 before the handler runs. */
export function mount<T extends Table, Call>(
  app: Hono,
  table: T,
  handlers: Handlers<T, Call>,
  callOf: (context: Context) => Call | Promise<Call>,
): void {
  for (const [name, endpoint] of Object.entries(table)) {
    const handle = handlers[name] as (input: unknown, call: Call) => unknown;
    app.on(endpoint.method, endpoint.path, async (context) => {
      const input: Record<string, unknown> = { ...context.req.param() };
      if (endpoint.query) input.query = parsed(endpoint.query, context.req.query(), 'query');
      if (endpoint.body) input.body = parsed(endpoint.body, await context.req.json().catch(() => undefined), 'body');
      return context.json((await handle(input, await callOf(context))) ?? null);
    });
  }
  app.onError((error, context) => {
    if (!(error instanceof ApiError)) throw error;
    return context.json(failureOf(error), error.status as 400);
  });
}

export function failureOf(error: HoopError): Failure {
  return {
    error: { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) },
  };
}

function parsed(schema: z.ZodType, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ApiError(400, 'bad-request', `bad ${where}: ${z.prettifyError(result.error)}`);
}

/** OpenAPI 3.1 of a table. */
export function openapi(title: string, version: string, table: Table): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [operationId, endpoint] of Object.entries(table)) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    const names = [...endpoint.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
    paths[path] = {
      ...paths[path],
      [endpoint.method.toLowerCase()]: {
        operationId,
        summary: endpoint.summary,
        parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
        ...(endpoint.body && { requestBody: content(endpoint.body) }),
        responses: {
          200: { description: 'ok', ...content(endpoint.answer) },
          default: { description: 'refused', ...content(Failure) },
        },
      },
    };
  }
  return { openapi: '3.1.0', info: { title, version }, paths };
}

function content(schema: z.ZodType): object {
  return { content: { 'application/json': { schema: z.toJSONSchema(schema, { unrepresentable: 'any' }) } } };
}
