import type { MaskPorts } from '@hoop/controls';
import type { ProtocolName, Refusal } from '@hoop/core';
import type { CancelRegistry, Credentials, Read, RunFlow, Upstream } from '@hoop/session';
import type { Logger } from 'pino';
import type { Configured } from '../config/configured.js';
import type { Admission } from '../identity/admission.js';
import type { Metrics } from '../metrics.js';
import type { AuditLine } from '../record/lines.js';
import type { GatewayRecord } from '../record/record.js';
import type { Store } from '../store/store.js';
import type { LiveFlows } from './live.js';
import type { SyncLinks } from './sync-links.js';

/** What the tunnel works with; made once, by the gateway. */
export interface Services {
  /** The configuration in force; another one after a reload. */
  configured: Configured;
  readonly store: Store;
  readonly record: GatewayRecord;
  readonly admission: Admission;
  readonly live: LiveFlows;
  readonly links: SyncLinks;
  readonly credentials: Credentials;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sessions: Sessions;
  readonly masking: MaskPorts;
  draining: boolean;
  audit(line: Omit<AuditLine, 'kind'>): void;
  now(): number;
}

/** What the gateway needs of `session`. */
export interface Sessions {
  runFlow: RunFlow;
  refusalFor(protocol: ProtocolName, refusal: Refusal): Uint8Array;
  epitaphOf(protocol: ProtocolName): Uint8Array;
  /** Whether what its statements do can be told. */
  isReadable(protocol: ProtocolName): boolean;
  /** What a statement would do as the first of a new session; runs nothing. */
  read(upstream: Upstream, database: string, text: string): Promise<Read>;
  cancels: CancelRegistry;
}
