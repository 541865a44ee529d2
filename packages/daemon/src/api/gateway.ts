import { ApiError } from '@hoop/contracts/http';
import type { Credential } from '../credentials.js';
import { type GatewayApi, gatewayApiOf } from '../login/gateway.js';

/** The calls of the gateway's API that the local API passes on. */
export type Passed = Pick<GatewayApi, 'sessions' | 'session' | 'controls' | 'explain'>;

/** A profile's gateway, asked with the login's certificate: connections of its own for each call, for calls are rare. */
export function passedOn(current: () => Credential | undefined): Passed {
  const ask = async <T>(question: (api: GatewayApi) => Promise<T>): Promise<T> => {
    const credential = current();
    if (credential === undefined) {
      throw new ApiError(401, 'login-required', 'nobody is logged in, or the login has ended', { hint: 'hoop login' });
    }
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
