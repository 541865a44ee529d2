import type { ProtocolName, Refusal } from '@hoop/core';
import { protocols } from '@hoop/protocols';

/** A protocol's own error for a flow refused before it had an engine. */
export const refusalFor = (protocol: ProtocolName, refusal: Refusal): Uint8Array => protocols[protocol].refuse(refusal);

/** Whether what a protocol's statements do can be told: guardrails and masks go by that. */
export const isReadable = (protocol: ProtocolName): boolean => protocols[protocol].learn !== undefined;

/** A protocol's own words for a link lost on a message boundary. */
export const epitaphOf = (protocol: ProtocolName): Uint8Array => protocols[protocol].epitaph;
