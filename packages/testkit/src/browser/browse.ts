import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type Form, formOf } from './form.js';
import { CookieJar } from './jar.js';

export interface Visitor {
  login: string;
  password: string;
  /** PEM of the roots to trust. */
  ca: string;
  /** Ends the visit before this page is asked for: its address is all that is wanted. */
  until?: (url: URL) => boolean;
}

/** The page at which the visit ended. */
export interface Arrival {
  url: URL;
  status: number;
  html: string;
}

/** Pages and redirects of one visit; a login needs about eight. */
const MAX_STEPS = 25;

/**
 * Opens `start` as a browser would, with cookies, redirects and forms but without scripts: signs in as the visitor where
 * a page asks, and ends at the first page that asks for nothing. A page that asks twice for the password ends it too.
 */
export async function browse(start: string, visitor: Visitor): Promise<Arrival> {
  const jar = new CookieJar();
  let asked = 0;
  let next: Form = { method: 'GET', action: new URL(start), fields: new Map() };
  for (let step = 0; step < MAX_STEPS; step++) {
    if (visitor.until?.(next.action)) return { url: next.action, status: 0, html: '' };
    const page = await fetchPage(next, jar, visitor.ca);
    const form = page.location ? undefined : formOf(page.html, page.url);
    if (page.location) next = { method: 'GET', action: page.location, fields: new Map() };
    else if (!form || (form.fields.has('password') && asked++ > 0)) return page;
    else next = filled(form, visitor);
  }
  throw new Error(`the visit did not end after ${MAX_STEPS} pages`);
}

function filled(form: Form, visitor: Visitor): Form {
  for (const name of ['login', 'password'] as const) if (form.fields.has(name)) form.fields.set(name, visitor[name]);
  return form;
}

interface Page extends Arrival {
  location?: URL;
}

function fetchPage(form: Form, jar: CookieJar, ca: string): Promise<Page> {
  const url = new URL(form.action);
  const body = new URLSearchParams([...form.fields]).toString();
  if (form.method === 'GET' && form.fields.size > 0) url.search = body;
  const cookie = jar.header(url);
  const headers = {
    accept: 'text/html',
    ...(cookie && { cookie }),
    ...(form.method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
  };
  const open = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const request = open(url, { method: form.method, headers, ca, agent: false }, (response) => {
      jar.take(url, response.headers['set-cookie'] ?? []);
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { location } = response.headers;
        const page: Page = { url, status: response.statusCode ?? 0, html: Buffer.concat(chunks).toString('utf8') };
        resolve(location ? { ...page, location: new URL(location, url) } : page);
      });
    });
    request.once('error', reject);
    request.end(form.method === 'POST' ? body : undefined);
  });
}
