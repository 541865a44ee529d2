import { type Discovery, gatewayApi } from '@hoop/contracts/gateway';
import { ApiError, type Caller, callerOf, type Send } from '@hoop/contracts/http';
import { UserError } from '@hoop/core';
import type { Dispatcher } from 'undici';
import { aheadBy } from './clock.js';
import { type ClientCertificate, fetchBy, gatewayDispatcher, type Trust } from './trust.js';
import { unreachable } from './unreachable.js';

/** The gateway's API over one trust; `close` ends its connections. */
export interface GatewayApi extends Caller<typeof gatewayApi> {
  /** How far the gateway's clock was ahead of this machine's when it last answered (RFC 9110 §6.6.1). Milliseconds. */
  ahead(): number;
  close(): Promise<void>;
}

/** Answers larger than this are not read. */
const LARGEST = 1_000_000;

export function gatewayApiOf(gateway: URL, trust: Trust, client?: ClientCertificate): GatewayApi {
  const dispatcher = gatewayDispatcher(trust, client);
  let ahead = 0;
  const answered = (date: string | null) => {
    ahead = date === null ? 0 : aheadBy(Date.parse(date));
  };
  const calls = callerOf(gatewayApi, sender(gateway, dispatcher, answered));
  return { ...calls, ahead: () => ahead, close: () => dispatcher.destroy() };
}

function sender(gateway: URL, dispatcher: Dispatcher, answered: (date: string | null) => void): Send {
  return async ({ method, path, body }) => {
    try {
      const answer = await fetchBy(dispatcher, new URL(path, gateway), {
        method,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      answered(answer.headers.get('date'));
      return { status: answer.status, body: parsed(await bounded(answer.body ?? [])) };
    } catch (cause) {
      throw unreachable(gateway, cause);
    }
  };
}

async function bounded(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > LARGEST) throw new Error('answer too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads the discovery document. What is not a hoop gateway is said to be none. */
export async function discover(api: GatewayApi, gateway: URL): Promise<Discovery> {
  try {
    return await api.discovery({});
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const status = cause instanceof ApiError ? ` (HTTP status ${cause.status})` : '';
    throw new UserError('not-a-gateway', `${gateway.origin} does not answer as a hoop gateway${status}`, {
      hint: 'check the address with your administrator',
      cause,
    });
  }
}
