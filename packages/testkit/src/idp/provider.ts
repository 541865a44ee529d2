import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider, { type Configuration, type JWKS } from 'oidc-provider';
import { CLIENT_ID } from './client.js';
import type { Witness } from './issued.js';
import { devicePages, escaped, page } from './pages.js';
import type { Person } from './people.js';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export interface Lifetimes {
  /** Seconds. */
  idToken?: number | undefined;
  accessToken?: number | undefined;
}

export function newProvider(issuer: string, staff: readonly Person[], witness: Witness, lifetimes: Lifetimes = {}) {
  const provider = new Provider(issuer, configuration(staff, lifetimes));
  provider.on('grant.success', (ctx) => {
    const body = ctx.body as Record<string, string>;
    const subject = ctx.oidc.entities.Account?.accountId;
    const { id_token, refresh_token, access_token } = body;
    witness({
      at: Date.now(),
      grant: String(ctx.oidc.params?.grant_type),
      ...(subject && { subject }),
      ...(id_token && { id_token }),
      ...(refresh_token && { refresh_token }),
      ...(access_token && { access_token }),
    });
  });
  // RFC 8628 §3.2: without it a client waits 5 s between its questions.
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route === 'device_authorization' && ctx.status === 200)
      (ctx.body as { interval: number }).interval = 1;
  });
  return provider;
}

function signingKey(): JWKS {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'shop-1' }] } as JWKS;
}

function configuration(staff: readonly Person[], lifetimes: Lifetimes): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_name: 'hoop',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
        grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
        response_types: ['code'],
      },
    ],
    jwks: signingKey(),
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
    // As most companies' IdPs do: whoever may log in gets the groups, in the ID token itself.
    claims: { openid: ['sub', 'email', 'email_verified', 'name', 'groups'], email: [], profile: [], groups: [] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => accountOf(staff, id),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    rotateRefreshToken: true,
    ttl: {
      IdToken: lifetimes.idToken ?? 3600,
      AccessToken: lifetimes.accessToken ?? 600,
      Interaction: 600,
      Session: 8 * 3600,
      Grant: 14 * 86_400,
      RefreshToken: 14 * 86_400,
      DeviceCode: 600,
    },
    renderError: async (ctx, out) => {
      ctx.type = 'html';
      ctx.body = page('Shop Ltd: that did not work', `<p>${escaped(out.error_description ?? out.error)}</p>`);
    },
    features: {
      devInteractions: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: async (_, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: async (ctx, form, _out, err) => {
          ctx.body = devicePages.input(form, err !== undefined);
        },
        userCodeConfirmSource: async (ctx, form, client, _device, code) => {
          ctx.body = devicePages.confirm(form, code, client.clientName ?? client.clientId);
        },
        successSource: async (ctx) => {
          ctx.body = devicePages.success();
        },
      },
    },
  };
}

function accountOf(staff: readonly Person[], id: string) {
  const person = staff.find((each) => each.name === id);
  if (!person) return undefined;
  const { email, fullName: name, groups } = person;
  return {
    accountId: id,
    claims: () => ({ sub: id, email, email_verified: true, name, groups: [...groups] }),
  };
}
