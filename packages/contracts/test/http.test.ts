import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { gatewayApi } from '../src/gateway/index.js';
import { ApiError, callerOf, mount, openapi, type Send } from '../src/http/index.js';
import { localApi } from '../src/local/index.js';

const table = {
  add: {
    method: 'POST',
    path: '/v1/add/:left',
    summary: 'adds',
    query: z.object({ by: z.coerce.number().default(1) }),
    body: z.object({ right: z.number() }),
    answer: z.number(),
  },
} as const;

const app = new Hono();
mount(
  app,
  table,
  { add: ({ left, query, body }, caller: string) => refuse(caller) ?? (Number(left) + body.right) * query.by },
  (context) => String(context.req.header('caller')),
);
function refuse(caller: string): undefined {
  if (caller === 'mallory') throw new ApiError(403, 'not-you', 'mallory may not add', { hint: 'ask alice' });
}
const send =
  (caller: string): Send =>
  async ({ method, path, body }) => {
    const init = { method, headers: { caller, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await app.request(path, init);
    return { status: response.status, body: await response.json() };
  };

describe('an API table', () => {
  test('is one truth for client and server', async () => {
    const outOfShape = callerOf(table, send('alice')).add({ left: '2/3', body: { right: 1 } });
    await expect(outOfShape).rejects.toMatchObject({ code: 'bad-answer' });
    expect(await callerOf(table, send('alice')).add({ left: '2', query: { by: 10 }, body: { right: 3 } })).toBe(50);
  });

  test('tells a refusal by code, message and hint', async () => {
    const refused = callerOf(table, send('mallory')).add({ left: '2', body: { right: 3 } });
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'not-you', hint: 'ask alice' });
  });

  test('refuses bad input before the handler', async () => {
    const refused = callerOf(table, send('alice')).add({ left: '2', body: { right: 'x' as never } });
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'bad-request' });
  });

  test('an answer out of shape is no answer', async () => {
    const broken: Send = async () => ({ status: 500, body: 'oops' });
    await expect(callerOf(table, broken).add({ left: '2', body: { right: 3 } })).rejects.toMatchObject({
      code: 'bad-answer',
    });
  });

  test.each([
    ['gateway', gatewayApi],
    ['local', localApi],
  ])('the %s API has an OpenAPI document', (_, api) => {
    const document = openapi('hoop', '1', api) as { paths: Record<string, object> };
    expect(Object.values(document.paths).flatMap(Object.keys)).toHaveLength(Object.keys(api).length);
  });
});
