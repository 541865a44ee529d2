import { request } from 'node:https';

export interface Answer {
  status: number;
  body: unknown;
}
export interface Asked {
  ca: string;
  method?: 'GET' | 'POST';
  /** Sent as a form if it is URLSearchParams, else as JSON. */
  body?: URLSearchParams | object;
  key?: string;
  certificate?: string;
}

/** One HTTPS request with a root of our own; the answer as JSON, or as text where it is not JSON. */
export function ask(url: string | URL, { ca, method = 'GET', body, key, certificate }: Asked): Promise<Answer> {
  const form = body instanceof URLSearchParams;
  const text = body === undefined ? undefined : form ? body.toString() : JSON.stringify(body);
  const headers =
    text === undefined ? {} : { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, ca, key, cert: certificate, agent: false }, (response) => {
      let all = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        all += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(all) }));
    });
    asked.once('error', reject);
    asked.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
