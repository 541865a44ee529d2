import { type Discovery, gatewayApi } from '@hoop/contracts/gateway';
import { ApiError, type Caller, callerOf, type Send } from '@hoop/contracts/http';
import { UserError } from '@hoop/core';
import { type Dispatcher, request } from 'undici';
import { type ClientCertificate, gatewayDispatcher, type Trust } from './trust.js';

/** The gateway's API over one trust; `close` ends its connections. */
export interface GatewayApi extends Caller<typeof gatewayApi> {
  close(): Promise<void>;
}

/** Answers larger than this are not read. */
const LARGEST = 1_000_000;

export function gatewayApiOf(gateway: URL, trust: Trust, client?: ClientCertificate): GatewayApi {
  const dispatcher = gatewayDispatcher(trust, client);
  const calls = callerOf(gatewayApi, sender(gateway, dispatcher));
  return { ...calls, close: () => dispatcher.destroy() };
}

function sender(gateway: URL, dispatcher: Dispatcher): Send {
  return async ({ method, path, body }) => {
    try {
      const answer = await request(new URL(path, gateway), {
        method,
        dispatcher,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.statusCode, body: parsed(await bounded(answer.body)) };
    } catch (cause) {
      throw unreachable(gateway, cause);
    }
  };
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
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

/** Node's and OpenSSL's codes of a certificate that is not believed. */
const UNTRUSTED =
  /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_(UNTRUSTED|REJECTED|REVOKED|SIGNATURE|NOT_YET|HAS_EXPIRED)|ALTNAME/;

/** What is wrong between us and the gateway, in words that name the cure. */
export function unreachable(gateway: URL, cause: unknown): UserError {
  const code = codeOf(cause);
  if (UNTRUSTED.test(code)) {
    const why = code.includes('ALTNAME')
      ? 'its certificate is for another name'
      : `its certificate is not trusted (${code})`;
    return new UserError('gateway-untrusted', `${gateway.host} is not believed: ${why}`, {
      hint: 'pass its roots with --ca-file, or pin a certificate of its chain with --ca-fingerprint',
      exit: 'unavailable',
      cause,
    });
  }
  return new UserError(
    'gateway-unreachable',
    `the gateway ${gateway.origin} cannot be reached${code && ` (${code})`}`,
    {
      hint: 'check the address and the network; behind a proxy, set HTTPS_PROXY',
      exit: 'unavailable',
      cause,
    },
  );
}

/** The first error code in the chain of causes. */
export function codeOf(error: unknown): string {
  for (let at = error as { code?: unknown; cause?: unknown } | undefined, depth = 0; at && depth < 5; depth += 1) {
    if (typeof at.code === 'string') return at.code;
    at = at.cause as typeof at;
  }
  return '';
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
