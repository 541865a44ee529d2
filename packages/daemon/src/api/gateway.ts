import net from 'node:net';
import { gatewayApi } from '@hoop/contracts/gateway';
import { ApiError, type Caller, callerOf, type Send } from '@hoop/contracts/http';
import { Client } from 'undici';
import type { Credential } from '../credentials.js';
import { connectTo, proxyFor } from '../uplinks/proxy.js';
import { trustOptions } from '../uplinks/trust.js';

const DEADLINE = 10_000;

/** The gateway's API with the login's certificate: one connection a call, for calls are rare. */
export function gatewayCaller(
  current: () => Credential | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Caller<typeof gatewayApi> {
  const send: Send = async (request) => {
    const credential = current();
    if (credential === undefined)
      throw new ApiError(401, 'login-required', 'nobody is logged in', { hint: 'hoop login' });
    const client = await clientOf(credential, variables).catch(unreachable);
    try {
      const answer = await client.request({
        method: request.method as 'GET',
        path: request.path,
        headers: {
          accept: 'application/json',
          ...(request.body !== undefined && { 'content-type': 'application/json' }),
        },
        body: request.body === undefined ? null : JSON.stringify(request.body),
      });
      return { status: answer.statusCode, body: await answer.body.json().catch(() => undefined) };
    } catch (cause) {
      return unreachable(cause);
    } finally {
      await client.destroy();
    }
  };
  return callerOf(gatewayApi, send);
}

async function clientOf(
  credential: Credential,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Client> {
  const { gateway } = credential;
  const target = { host: gateway.hostname.replace(/^\[|\]$/g, ''), port: Number(gateway.port) || 443 };
  const servername = net.isIP(target.host) === 0 ? target.host : undefined;
  const signal = AbortSignal.timeout(DEADLINE);
  const proxy = proxyFor(target, variables);
  const socket = proxy === undefined ? undefined : ((await connectTo(target, proxy, signal)) as net.Socket);
  return new Client(gateway.origin, {
    headersTimeout: DEADLINE,
    bodyTimeout: DEADLINE,
    connect: {
      ...trustOptions(credential),
      ...(socket !== undefined && { socket }),
      ...(servername !== undefined && { servername }),
      cert: credential.certificate,
      key: credential.key.export({ type: 'pkcs8', format: 'pem' }) as string,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      timeout: DEADLINE,
    },
  });
}

function unreachable(cause: unknown): never {
  throw new ApiError(503, 'gateway-unreachable', 'the gateway cannot be reached', { cause, hint: 'hoop status' });
}
