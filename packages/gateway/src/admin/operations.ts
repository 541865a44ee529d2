import type { Handlers } from '@hoop/contracts/http';
import { ApiError } from '@hoop/contracts/http';
import type { AuditLine } from '../record/lines.js';
import { type Totals, told } from '../store/sessions.js';
import type { Store } from '../store/store.js';
import type { adminApi } from './table.js';

export interface AdminServices {
  readonly store: Store;
  now(): number;
  /** Resolves when the line is on the disk. */
  audit(line: Omit<AuditLine, 'kind'>): Promise<void>;
  /** Ends what runs of these people; answers how many flows. Nothing where no gateway runs. */
  revoke(subjects: readonly string[], email: string): number;
  live(session: string): Totals | undefined;
}

/** The operator's commands, the same whether the gateway runs or only its data folder is there. */
export function adminHandlers(services: AdminServices): Handlers<typeof adminApi, null> {
  const { store, now, audit } = services;
  return {
    users: async () =>
      (await store.identities()).map(({ disabledAt, ...it }) => ({
        ...it,
        groups: [...it.groups],
        ...(disabledAt !== undefined && { disabledAt }),
      })),
    disable: async ({ body }) => {
      const email = body.email.toLowerCase();
      const subjects = await store.disable(email, now());
      if (subjects.length === 0) throw nobody(email);
      const flows = services.revoke(subjects, email);
      await audit({
        event: 'identity-disabled',
        person: email,
        by: 'host',
        message: `${flows} ${flows === 1 ? 'flow' : 'flows'} ended`,
      });
      return { identities: subjects.length, flows };
    },
    enable: async ({ body }) => {
      const email = body.email.toLowerCase();
      const subjects = await store.enable(email);
      if (subjects.length === 0) throw nobody(email);
      await audit({ event: 'identity-enabled', person: email, by: 'host' });
      return { identities: subjects.length, flows: 0 };
    },
    sessions: async ({ query }) => {
      await audit({ event: 'sessions-looked-at', by: 'host' });
      return (await store.sessions.list({ limit: query.limit })).map((row) => told(row, services.live(row.id)));
    },
  };
}

const nobody = (email: string) =>
  new ApiError(404, 'unknown-user', `nobody with the address ${email} has ever logged in`, {
    hint: 'see: hoop-gateway users ls',
  });
