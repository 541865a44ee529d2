import { ApiError } from '@hoop/contracts/http';
import type { Refusal } from '@hoop/core';
import type { Credential, Credentials } from '../credentials.js';
import { awaited } from '../login/awaited.js';
import { type GatewayApi, gatewayApiOf } from '../login/gateway.js';
import { lackOf } from '../login/lack.js';

/** The calls of the gateway's API that the local API passes on. */
export type Passed = Pick<GatewayApi, 'sessions' | 'session' | 'controls' | 'explain'>;

/** A profile's gateway, asked with the login's certificate: connections of its own for each call, for calls are rare. */
export function passedOn(
  credentials: Pick<Credentials, 'current' | 'pending' | 'wanted' | 'on' | 'state'>,
  advice: (hint: string | undefined) => string | undefined,
): Passed {
  const ask = async <T>(question: (api: GatewayApi) => Promise<T>): Promise<T> => {
    await awaited(credentials, new AbortController().signal);
    const credential = credentials.current();
    if (credential === undefined) throw refused(lackOf(credentials.state()).refusal, advice);
    const api = openApi(credential);
    try {
      return await question(api);
    } finally {
      await api.close();
    }
  };
  return {
    sessions: (input) => ask((api) => api.sessions(input)),
    session: (input) => ask((api) => api.session(input)),
    controls: (input) => ask((api) => api.controls(input)),
    explain: (input) => ask((api) => api.explain(input)),
  };
}

function openApi({ gateway, ca, caFingerprint, certificate, key }: Credential): GatewayApi {
  const trust = caFingerprint === undefined ? { ca } : { pinned: ca };
  return gatewayApiOf(gateway, trust, {
    cert: certificate,
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
  });
}

function refused({ code, message, hint }: Refusal, advice: (hint: string | undefined) => string | undefined): ApiError {
  const status = code === 'identity-disabled' ? 403 : code === 'login-required' ? 401 : 503;
  return new ApiError(status, code, message, { hint: advice(hint) });
}
