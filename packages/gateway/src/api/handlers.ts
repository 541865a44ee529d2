import type { gatewayApi, SessionRow } from '@hoop/contracts/gateway';
import { ApiError, type Handlers } from '@hoop/contracts/http';
import type { Identity } from '@hoop/core';
import type { Context } from 'hono';
import { type ClientCertificate, certificateShown, type Shown } from '../identity/admission.js';
import type { Logins } from '../identity/logins.js';
import type { AuditEvent } from '../record/lines.js';
import { statementsOf } from '../record/read.js';
import { told } from '../store/sessions.js';
import type { SessionTable } from '../store/tables.js';
import type { Services } from '../tunnel/services.js';
import { controlledFor, explain } from './controls.js';
import { socketOf } from './http.js';

/** What the API knows of its caller: what the TLS handshake showed. */
export interface Call {
  shown: Shown;
  address: string;
}

export interface ApiServices extends Services {
  readonly logins: Logins;
  readonly recordFolder: string;
  /** Where laptops dial. */
  readonly tunnelPort: number;
  endLogin(loginId: string): Promise<boolean>;
}

export function callOf(context: Context): Call {
  const socket = socketOf(context);
  return { shown: certificateShown(socket), address: socket.remoteAddress ?? '' };
}

/** The gateway's HTTP API. Deny by default: what is not public asks `caller` first, with the checks of a HEAD. */
export function handlersOf(services: ApiServices): Handlers<typeof gatewayApi, Call> {
  const caller = (call: Call) => callerOf(services, call);
  return {
    discovery: () => {
      const { name, idp, publicHost } = services.configured.config;
      const { issuer, clientId, scopes, deviceFlow } = idp;
      const tunnel = [{ host: publicHost, port: services.tunnelPort }];
      return { version: 1, name, issuer, clientId, scopes, deviceFlow, tunnel };
    },
    health: () => ({ status: services.draining ? 'draining' : 'ok' }),
    login: ({ body }, call) => services.logins.login(body, call.address),
    renew: ({ body }, call) => services.logins.renew(body, call.address),
    logout: async (_, call) => {
      const { certificate, identity } = await caller(call);
      look(services, 'logout', identity, call, {});
      return { ended: await services.endLogin(certificate.loginId) };
    },
    connections: async (_, call) => services.configured.policy.visible((await caller(call)).identity),
    controls: async ({ name }, call) => controlledFor(services, (await caller(call)).identity, name),
    explain: async ({ name, body }, call) => {
      const { identity } = await caller(call);
      const explained = await explain(services, identity, { name, ...body });
      look(services, 'connection-explained', identity, call, { connection: name, rule: explained.rule });
      return explained;
    },
    sessions: async ({ query }, call) => {
      const { identity } = await caller(call);
      const { connection, limit } = query;
      if (!query.all) return rows(services, { subject: identity.subject, connection, limit });
      if (!services.configured.policy.has(identity, 'auditor')) throw notAuditor(identity);
      look(services, 'sessions-looked-at', identity, call, { connection });
      return rows(services, { connection, limit });
    },
    session: async ({ id }, call) => {
      const { identity } = await caller(call);
      const row = await services.store.sessions.get(id);
      const own = row?.subject === identity.subject;
      if (!row || !(own || services.configured.policy.has(identity, 'auditor'))) throw noSession();
      if (!own) look(services, 'session-looked-at', identity, call, { session: id });
      const record = await statementsOf(services.recordFolder, id, row.segment);
      return { ...live(services, row), record };
    },
  };
}

async function callerOf(
  { admission }: Services,
  { shown }: Call,
): Promise<{ identity: Identity; certificate: ClientCertificate }> {
  if (!shown.ok) throw new ApiError(401, 'login-required', shown.why, { hint: 'log in: hoop login' });
  const admitted = await admission.admit(shown.certificate);
  if (admitted.ok) return { identity: admitted.identity, certificate: shown.certificate };
  const { code, message, hint } = admitted.refusal;
  throw new ApiError(code === 'identity-disabled' ? 403 : 401, code, message, { hint });
}

async function rows(
  services: Services,
  filter: { subject?: string; connection?: string | undefined; limit: number },
): Promise<SessionRow[]> {
  return (await services.store.sessions.list(filter)).map((row) => live(services, row));
}

const live = (services: Services, row: SessionTable) => told(row, services.live.get(row.id)?.tally.totals);

/** What someone does with the API that must be on the record. */
function look(
  services: Services,
  event: AuditEvent,
  { email, subject }: Identity,
  { address }: Call,
  about: { connection?: string | undefined; session?: string | undefined; rule?: string | undefined },
): void {
  services.audit({ event, person: email, subject, address, ...about });
}

const noSession = () =>
  new ApiError(404, 'unknown-session', 'you have no session of that id', { hint: 'see: hoop sessions ls' });
const notAuditor = ({ email }: Identity) =>
  new ApiError(403, 'not-auditor', `${email} may see only sessions of their own`, {
    hint: 'the role auditor may see all',
  });
