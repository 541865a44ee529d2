import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { loginPage } from './pages.js';
import type { Person } from './people.js';

/** A sign-in's form: two short fields. */
const MAX_FORM = 4_096;

/** What the IdP asks the person: who they are. Consent is the company's, given for everyone. */
export async function interact(
  provider: Provider,
  staff: readonly Person[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === 'consent') return consent(provider, details, request, response);
  if (request.method !== 'POST') return show(response, loginPage(staff));
  const form = new URLSearchParams(await bodyOf(request));
  const person = staff.find((each) => each.name === form.get('login')?.trim().split('@')[0]);
  if (!person || person.password !== form.get('password'))
    return show(response, loginPage(staff, 'Wrong name or password.'));
  await provider.interactionFinished(request, response, { login: { accountId: person.name } });
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

async function consent(provider: Provider, details: Details, request: IncomingMessage, response: ServerResponse) {
  const accountId = details.session?.accountId ?? '';
  const clientId = String(details.params.client_id);
  const grant =
    (details.grantId && (await provider.Grant.find(details.grantId))) || new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(String(details.params.scope ?? 'openid'));
  grant.addOIDCClaims((details.prompt.details.missingOIDCClaims as string[] | undefined) ?? []);
  await provider.interactionFinished(
    request,
    response,
    { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  );
}

function show(response: ServerResponse, html: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(html);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_FORM) throw new Error('form too long');
  }
  return text;
}
