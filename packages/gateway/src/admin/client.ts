import { request as httpRequest } from 'node:http';
import { ApiError, type Caller, callerOf, type Send } from '@hoop/contracts/http';
import { socketPath } from './path.js';
import { adminApi } from './table.js';

const PATIENCE = 10_000;

/** The running gateway's admin API. Throws `ApiError` `no-answer` where it is silent for so long (milliseconds). */
export function adminCaller(data: string, patience = PATIENCE): Caller<typeof adminApi> {
  return callerOf(adminApi, sendTo(socketPath(data), patience));
}

function sendTo(path: string, timeout: number): Send {
  return ({ method, path: url, body }) =>
    new Promise((resolve, reject) => {
      const headers = { host: 'hoop-gateway', 'content-type': 'application/json' };
      const request = httpRequest({ socketPath: path, method, path: url, headers, timeout }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: json(Buffer.concat(chunks)) }));
      });
      const unheard = (why: string) => {
        const hint =
          method === 'GET' ? 'is it stopped, or busy?' : 'what was asked may yet take effect: hoop-gateway users ls';
        return new ApiError(504, 'no-answer', `the gateway ${why}`, { hint });
      };
      request.on('timeout', () => request.destroy(unheard(`does not answer on its socket ${path}`)));
      request.on('error', (error) =>
        reject(error instanceof ApiError ? error : unheard(`broke off: ${error.message}`)),
      );
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
