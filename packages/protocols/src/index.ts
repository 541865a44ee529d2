import type { ProtocolName, ProtocolSpec } from '@hoop/core';
import { postgres } from './postgres/index.js';
import { tcp } from './tcp/index.js';

/** Every protocol that the configuration can name. */
export const protocols: Record<ProtocolName, ProtocolSpec> = { postgres, tcp };
export { postgres, tcp };
