import * as z from 'zod';
import { WireConnection, WireIdentity } from '../gateway/index.js';

/** The first frame of an uplink, daemon → gateway: which flow this is, or that it is the sync uplink. */
export const Head = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('flow'),
    /** 128 random bits, hex; with `epoch`, what a resume names. */
    flow: z.string().regex(/^[0-9a-f]{32}$/),
    epoch: z.number().int().min(0),
    connection: z.string().max(128),
    port: z.number().int().min(1).max(65535),
    /** The laptop's program behind the flow: told by the daemon, for the record. May come later, or never. */
    program: z.strictObject({ pid: z.number().int().optional(), name: z.string().max(64).optional() }).optional(),
  }),
  z.strictObject({ kind: z.literal('sync') }),
]);
export type Head = z.infer<typeof Head>;

export const Close = z.object({
  code: z.string().max(64),
  message: z.string().max(1024),
  hint: z.string().max(1024).optional(),
});
export type Close = z.infer<typeof Close>;

/** Gateway → daemon on the sync uplink: one JSON document a line, inside DATA. */
export const SyncMessage = z.discriminatedUnion('type', [
  /** The whole list: first thing sent, and again on each change. */
  z.object({ type: z.literal('connections'), connections: z.array(WireConnection) }),
  z.object({ type: z.literal('lease'), until: z.number().int(), identity: WireIdentity }),
  /** For the person; `ended` also ends the login on the laptop. */
  z.object({
    type: z.literal('notice'),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    ended: z.boolean().optional(),
  }),
  z.object({ type: z.literal('ping') }),
]);
export type SyncMessage = z.infer<typeof SyncMessage>;
/** Daemon → gateway. */
export const SyncReply = z.discriminatedUnion('type', [z.object({ type: z.literal('pong') })]);
/** Silence on the sync uplink, in milliseconds, after which each side takes it for lost. The gateway pings at a third. */
export const SYNC_SILENCE = 180_000;
