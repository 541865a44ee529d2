import { SessionRow } from '@hoop/contracts/gateway';
import type { Table } from '@hoop/contracts/http';
import * as z from 'zod';

export const Person = z.object({
  email: z.string(),
  subject: z.string(),
  groups: z.array(z.string()),
  disabledAt: z.number().optional(),
  seenAt: z.number(),
});
export type Person = z.infer<typeof Person>;

/** What a command did: to how many identities of the address, and how many flows ended by it. */
export const Done = z.object({ identities: z.number(), flows: z.number() });
const ByEmail = z.object({ email: z.string().max(254) });

/** What the commands on the gateway's own host ask of it, over the socket in its data folder. */
export const adminApi = {
  users: { method: 'GET', path: '/v1/users', summary: 'Everyone who has logged in', answer: z.array(Person) },
  disable: {
    method: 'POST',
    path: '/v1/users/disable',
    summary: 'Ends all that a person has',
    body: ByEmail,
    answer: Done,
  },
  enable: {
    method: 'POST',
    path: '/v1/users/enable',
    summary: 'Lets a person log in again',
    body: ByEmail,
    answer: Done,
  },
  sessions: {
    method: 'GET',
    path: '/v1/sessions',
    summary: 'Sessions of everyone, newest first',
    query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(50) }),
    answer: z.array(SessionRow),
  },
} as const satisfies Table;
