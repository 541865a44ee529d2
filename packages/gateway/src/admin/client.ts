import { request as httpRequest } from 'node:http';
import { type Caller, callerOf, type Send } from '@hoop/contracts/http';
import { socketPath } from './path.js';
import { adminApi } from './table.js';

const PATIENCE = 10_000;

/** The running gateway's admin API. */
export function adminCaller(data: string): Caller<typeof adminApi> {
  return callerOf(adminApi, sendTo(socketPath(data)));
}

function sendTo(path: string): Send {
  return ({ method, path: url, body }) =>
    new Promise((resolve, reject) => {
      const headers = { host: 'hoop-gateway', 'content-type': 'application/json' };
      const request = httpRequest({ socketPath: path, method, path: url, headers, timeout: PATIENCE }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: json(Buffer.concat(chunks)) }));
      });
      request.on('timeout', () => request.destroy(new Error('the gateway does not answer on its socket')));
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
