import { type Header, Packet, type Question, type Resource } from 'dns2';
import { bare, HEADER, RCODE, sift } from './query.js';

/** What the resolver knows. A name is known only while its listener is bound. */
export interface Zone {
  /** `pg-prod`, `pg-prod.acme` → `127.77.0.3` */
  addressOf(name: string): string | undefined;
  /** Names can be below this one, though it is none itself: no data, since NXDOMAIN would deny them too (RFC 8020). */
  isAbove(name: string): boolean;
  /** `127.77.0.3` → `pg-prod` */
  nameOf(address: string): string | undefined;
  /** The claimed /24; reverse names outside it are not ours. */
  subnet: number | undefined;
}

export const TOP = 'hoop';
/** Seconds; a name that goes away is forgotten this fast. RFC 2308 takes the smaller of this and the SOA's minimum. */
const TTL = 5;
const UDP_WITHOUT_EDNS = 512;
const UDP_WITH_EDNS = 1_232;
const { TYPE, CLASS } = Packet;

interface Found {
  rcode: number;
  answers: object[];
  /** Ours, so it carries an SOA where there is no answer. */
  zone: string | undefined;
}

/**
 * The reply to one DNS message, or undefined where there must be none. Authoritative for `.hoop` and the reverse names of
 * our /24, REFUSED for all else; never recurses (RFC 1034, 1035, 2308, 6891).
 */
export function answer(message: Buffer, zone: Zone, transport: 'udp' | 'tcp'): Buffer | undefined {
  const sifted = sift(message);
  if (sifted.as === 'drop') return undefined;
  if (sifted.as === 'answer') return bare(message, sifted.rcode);
  let query: Packet;
  try {
    query = Packet.parse(message);
  } catch {
    return bare(message, RCODE.FORMERR);
  }
  const [question] = query.questions;
  if (question === undefined || query.errors.length > 0) return bare(message, RCODE.FORMERR);
  const opts = query.additionals.filter((record) => record.type === TYPE.EDNS) as unknown as Opt[];
  if (opts.length > 1) return bare(message, RCODE.FORMERR);
  const opt = opts[0];
  const badVersion = opt !== undefined && opt.version !== 0;
  const found = badVersion ? { rcode: RCODE.BADVERS, answers: [], zone: undefined } : lookUp(question, zone);
  const reply = replyTo(query, found, opt);
  return transport === 'tcp' ? reply : fit(reply, udpLimit(opt));
}

interface Opt {
  version: number;
  /** The sender's UDP payload size. */
  class: number;
}

/** A reply that is too long for the way it goes says so, and the client asks again over TCP (RFC 2181 §9). */
export function fit(reply: Buffer, limit: number): Buffer {
  if (reply.length <= limit) return reply;
  const short = bare(reply, reply.readUInt16BE(2) & 0xf);
  short.writeUInt16BE(reply.readUInt16BE(2) | 0x0200, 2);
  return short;
}

function udpLimit(opt: Opt | undefined): number {
  return opt === undefined ? UDP_WITHOUT_EDNS : Math.min(UDP_WITH_EDNS, Math.max(UDP_WITHOUT_EDNS, opt.class));
}

function lookUp(question: Question, zone: Zone): Found {
  const name = question.name.toLowerCase();
  const refused: Found = { rcode: RCODE.REFUSED, answers: [], zone: undefined };
  if (question.class !== CLASS.IN && question.class !== CLASS.ANY) return refused;
  if (name === TOP) return { rcode: RCODE.NOERROR, answers: wants(question, TYPE.SOA) ? [soa(TOP)] : [], zone: TOP };
  if (name.endsWith(`.${TOP}`)) return forward(question, name.slice(0, -TOP.length - 1), zone);
  return reverse(question, name, zone) ?? refused;
}

function forward(question: Question, name: string, zone: Zone): Found {
  const address = zone.addressOf(name);
  if (address === undefined && zone.isAbove(name)) return { rcode: RCODE.NOERROR, answers: [], zone: TOP };
  if (address === undefined) return { rcode: RCODE.NXDOMAIN, answers: [], zone: TOP };
  const answers = wants(question, TYPE.A) ? [record(question.name, TYPE.A, { address })] : [];
  return { rcode: RCODE.NOERROR, answers, zone: TOP };
}

/** `3.0.77.127.in-addr.arpa` */
function reverse(question: Question, name: string, zone: Zone): Found | undefined {
  const match = /^(?:(\d{1,3})\.)?(\d{1,3})\.77\.127\.in-addr\.arpa$/.exec(name);
  if (match === null || zone.subnet === undefined || Number(match[2]) !== zone.subnet) return undefined;
  const apex = `${zone.subnet}.77.127.in-addr.arpa`;
  const [, host] = match;
  if (host === undefined) return { rcode: RCODE.NOERROR, answers: [], zone: apex };
  const target = zone.nameOf(`127.77.${zone.subnet}.${Number(host)}`);
  if (target === undefined) return { rcode: RCODE.NXDOMAIN, answers: [], zone: apex };
  const answers = wants(question, TYPE.PTR) ? [record(question.name, TYPE.PTR, { domain: `${target}.${TOP}` })] : [];
  return { rcode: RCODE.NOERROR, answers, zone: apex };
}

const wants = (question: Question, type: number) => question.type === type || question.type === TYPE.ANY;
const record = (name: string, type: number, fields: object) => ({ name, type, class: CLASS.IN, ttl: TTL, ...fields });
const soa = (zone: string) =>
  record(zone, TYPE.SOA, {
    primary: `ns.${TOP}`,
    admin: `hostmaster.${TOP}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expiration: 86_400,
    minimum: TTL,
  });

/** The question is repeated letter for letter: resolvers that mix cases compare it (0x20). */
function replyTo(query: Packet, found: Found, opt: Opt | undefined): Buffer {
  const reply = new Packet();
  const ours = found.zone !== undefined;
  reply.header = new Packet.Header({
    id: query.header.id,
    qr: 1,
    rd: query.header.rd,
    aa: ours ? 1 : 0,
    rcode: found.rcode,
  } as Header);
  reply.questions = query.questions;
  reply.answers = found.answers as Resource[];
  if (ours && found.answers.length === 0) reply.authorities = [soa(found.zone!) as unknown as Resource];
  if (opt !== undefined) {
    reply.additionals = [Packet.Resource.EDNS([], { udpPayloadSize: UDP_WITH_EDNS }) as unknown as Resource];
  }
  const bytes = reply.toBuffer();
  return bytes.length >= HEADER ? bytes : bare(bytes, RCODE.FORMERR);
}
