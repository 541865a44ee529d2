import type { Head } from '@hoop/contracts/uplink';
import type { ClientProgram, Outcome, ProtocolName, Refusal } from '@hoop/core';
import type { ConnectionConfig } from '../config/schema.js';
import type { Admitted } from '../identity/admission.js';
import { Tally } from '../record/tally.js';
import { Guard } from './guard.js';
import type { LiveFlow } from './live.js';
import { recording } from './recording.js';
import type { Services } from './services.js';
import type { Uplink } from './uplink.js';
import { UplinkWire } from './wire.js';

type FlowHead = Extract<Head, { kind: 'flow' }>;
type Judged =
  | { ok: true; admitted: Admitted & { ok: true }; connection: ConnectionConfig }
  | { ok: false; refusal: Refusal; protocol?: ProtocolName | undefined; admitted: Admitted };

/** Takes an uplink from its HEAD to the end of its flow. */
export async function openFlow(services: Services, uplink: Uplink, head: FlowHead): Promise<void> {
  const epoch = services.live.epoch;
  const judged = await judge(services, uplink, head);
  if (!judged.ok) return refuse(services, uplink, head, judged);
  const { identity, leaseUntil } = judged.admitted;
  const session = await beginSession(services, judged, head);
  const tally = new Tally();
  const { loginId } = uplink.certificate;
  const { connection, port } = head;
  const flow: LiveFlow = {
    session,
    identity,
    loginId,
    connection,
    port,
    roles: services.configured.rolesOf(connection, identity),
    leaseUntil,
    tally,
    abort: new AbortController(),
  };
  services.live.add(flow);
  try {
    await recheck(services, uplink, head, flow, epoch);
    await run(services, uplink, flow, judged.connection.protocol, head.program);
  } finally {
    services.live.remove(flow);
    services.metrics.flows.set(services.live.size);
  }
}

/** All that design §6 asks of a flow, each time. */
async function judge(services: Services, uplink: Uplink, head: FlowHead): Promise<Judged> {
  const admitted = await services.admission.admit(uplink.certificate);
  const { policy, config } = services.configured;
  const identity = admitted.identity;
  const visible = identity && policy.standing(identity, head.connection) !== 'hidden';
  const protocol = visible ? policy.connection(head.connection)?.protocol : undefined;
  if (!admitted.ok) return { ok: false, refusal: admitted.refusal, protocol, admitted };
  const decision = policy.decide(admitted.identity, head.connection, head.port);
  if (!decision.allow) return { ok: false, refusal: decision.refusal, protocol, admitted };
  if (services.draining) return { ok: false, refusal: SHUTTING_DOWN, protocol, admitted };
  if (services.configured.isControlled(head.connection) && !services.sessions.isReadable(decision.connection.protocol))
    return { ok: false, refusal: unreadable(head.connection, decision.connection), protocol, admitted };
  if (services.live.ofPerson(admitted.identity.subject) >= config.limits.flowsPerPerson)
    return { ok: false, refusal: tooMany(config.limits.flowsPerPerson), protocol, admitted };
  return { ok: true, admitted, connection: decision.connection };
}

/** Someone may have been disabled while this flow was being opened: then the live list did not have it yet. */
async function recheck(
  services: Services,
  uplink: Uplink,
  head: FlowHead,
  flow: LiveFlow,
  epoch: number,
): Promise<void> {
  if (services.live.epoch === epoch) return;
  const judged = await judge(services, uplink, head);
  if (!judged.ok) flow.abort.abort(judged.refusal);
}

function beginSession(services: Services, judged: Judged & { ok: true }, head: FlowHead): Promise<string> {
  const { subject, email } = judged.admitted.identity;
  return services.store.sessions.begin({
    subject,
    email,
    connection: head.connection,
    protocol: judged.connection.protocol,
    program: head.program?.name ?? null,
    started_at: services.now(),
    segment: services.record.segment,
  });
}

async function run(
  services: Services,
  uplink: Uplink,
  flow: LiveFlow,
  protocol: ProtocolName,
  program: ClientProgram | undefined,
): Promise<void> {
  const { sessions, configured, metrics } = services;
  metrics.flows.set(services.live.size);
  uplink.channel.epitaph(sessions.epitaphOf(protocol));
  const wire = new UplinkWire(uplink);
  const guard = new Guard(services, flow, program);
  const running = sessions.runFlow({
    session: flow.session,
    identity: flow.identity,
    program,
    upstream: configured.upstream(flow.connection),
    wire,
    recorder: recording(services.record, flow.tally, guard.decided),
    guardrails: guard.judge,
    masks: guard.masks,
    reads: guard.reads,
    durability: configured.config.durability,
    signal: flow.abort.signal,
    cancels: sessions.cancels,
    credentials: services.credentials,
    report: (error) => services.log.error({ err: error, session: flow.session }, 'a flow met a bug'),
  });
  uplink.attach(wire);
  const outcome = await running;
  wire.conclude();
  await ended(services, flow, outcome);
}

async function ended({ store, metrics, now, log }: Services, flow: LiveFlow, outcome: Outcome): Promise<void> {
  if (!flow.tally.recorded) return store.sessions.drop(flow.session);
  const totals = { ...flow.tally.totals, bytes_in: outcome.bytesIn, bytes_out: outcome.bytesOut };
  metrics.sessions.inc({ connection: flow.connection, end: outcome.end });
  metrics.bytes.inc({ direction: 'in' }, outcome.bytesIn);
  metrics.bytes.inc({ direction: 'out' }, outcome.bytesOut);
  log.info({ session: flow.session, connection: flow.connection, end: outcome.end }, 'session ended');
  await store.sessions.end(flow.session, outcome.end, now(), totals);
}

/** Tells the person in their protocol's own words, where it is known which; and the daemon in the tunnel's. */
function refuse(services: Services, uplink: Uplink, head: FlowHead, judged: Judged & { ok: false }): void {
  const { refusal, protocol, admitted } = judged;
  audit(services, uplink, head, refusal, admitted);
  if (uplink.gone) return;
  if (protocol) uplink.channel.send(services.sessions.refusalFor(protocol, refusal), true);
  uplink.channel.finish();
  uplink.end({ code: refusal.code, message: refusal.message, hint: refusal.hint });
}

function audit(services: Services, uplink: Uplink, head: FlowHead, refusal: Refusal, admitted: Admitted): void {
  services.metrics.refused.inc({ code: refusal.code });
  services.log.warn({ code: refusal.code, person: admitted.identity?.email }, 'flow refused');
  services.audit({
    event: 'flow-refused',
    person: admitted.identity?.email,
    subject: uplink.certificate.subject,
    address: uplink.address,
    connection: head.connection,
    port: head.port,
    code: refusal.code,
    message: refusal.message,
  });
}

export const SHUTTING_DOWN: Refusal = {
  code: 'shutting-down',
  message: 'the gateway is shutting down',
  hint: 'try again in a moment',
};
/** What is controlled by what it does must be readable (design §4, rule 6). */
const unreadable = (name: string, { protocol, contact }: ConnectionConfig): Refusal => ({
  code: 'upstream-refused',
  message: `${name} has guardrails or masks, and what its ${protocol} does cannot be told`,
  hint: `ask ${contact ?? 'whoever runs this gateway'}: hoop-gateway check says more`,
});
const tooMany = (limit: number): Refusal => ({
  code: 'too-many',
  message: `more than ${limit} flows at once`,
  hint: 'close some, or ask for a higher limits.flowsPerPerson',
});
