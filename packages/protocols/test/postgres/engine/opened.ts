import type { Verdict } from '@hoop/core';
import { Playbook } from '@hoop/testkit/conformance';
import { EXECUTE_NOTHING } from '../../../src/postgres/codec/build.js';
import { postgres } from '../../../src/postgres/index.js';
import * as w from '../wire.js';

export const DENIED: Verdict = { allow: false, rule: 'record-failed', reason: 'could not be recorded' };
export const DENIAL = w.frame('E', w.z('SERROR'), w.z('VERROR'), w.z('C58030'), w.z('Mcould not be recorded'), [0]);
/** Execute of the portal that does not exist. */
export const NOTHING = EXECUTE_NOTHING;
export const MISSING = w.error('34000', 'portal "hoop: refused" does not exist');

/** A session that is open, nothing said yet. */
export function open(options: ConstructorParameters<typeof Playbook>[1] = {}): Playbook {
  return new Playbook(postgres, { dialled: w.READY, ...options })
    .client(w.HELLO)
    .expect(
      { do: 'dial', database: 'shop', user: 'alice' },
      { do: 'note', entry: { kind: 'opened', database: 'shop', user: 'alice', application: 'psql' } },
      { do: 'own-key', key: { process: 77 } },
      { do: 'send', to: 'client', bytes: w.WELCOME, boundary: true },
    );
}
export const asks = (text: string, parameters?: readonly (string | null)[]) => ({
  do: 'judge' as const,
  action: { kind: 'statement', class: 'unknown', text, ...(parameters === undefined ? {} : { parameters }) },
});
export const finished = (statement: number, entry: object) => ({
  do: 'note' as const,
  entry: { kind: 'finished', statement, ...entry },
});
export const up = (bytes: Uint8Array) => ({ do: 'send' as const, to: 'upstream', bytes });
export const down = (bytes: Uint8Array) => ({ do: 'send' as const, to: 'client', bytes, boundary: true });

export function finishedLater(statement: number) {
  return finished(statement, {
    error: { code: '25P02', message: 'not run: an earlier message of the pipeline failed' },
  });
}
