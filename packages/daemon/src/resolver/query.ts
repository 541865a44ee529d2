/** DNS messages as RFC 1035 §4.1.1 has them. */
export const HEADER = 12;
export const LONGEST_QUERY = 4_096;
const QR = 0x8000;
const OPCODE = 0x7800;
const RD = 0x0100;

export const RCODE = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

/**
 * What to do with a message before any decoder sees it. `drop`: not a query (an answer to an answer makes a loop), or too
 * short to be answered. `answer`: a query that the header or the question's shape already decides.
 */
export type Sifted = { as: 'query' } | { as: 'drop' } | { as: 'answer'; rcode: number };

export function sift(message: Buffer): Sifted {
  if (message.length < HEADER || message.length > LONGEST_QUERY) return { as: 'drop' };
  const flags = message.readUInt16BE(2);
  if ((flags & QR) !== 0) return { as: 'drop' };
  if ((flags & OPCODE) !== 0) return { as: 'answer', rcode: RCODE.NOTIMP };
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  if (questions !== 1 || answers !== 0 || authorities !== 0 || additionals! > 2) {
    return { as: 'answer', rcode: RCODE.FORMERR };
  }
  return isPlainQuestion(message) ? { as: 'query' } : { as: 'answer', rcode: RCODE.FORMERR };
}

/**
 * One question of plain labels: no compression (there is nothing before it to point to), no dot inside a label (it would
 * read as another name), 255 octets at most.
 */
function isPlainQuestion(message: Buffer): boolean {
  let at = HEADER;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63 || at - HEADER > 254) return false;
    if (length === 0) return at + 5 <= message.length;
    const label = message.subarray(at + 1, at + 1 + length);
    if (label.length < length || label.includes(0x2e)) return false;
    at += 1 + length;
  }
}

/** A header alone: for queries whose question cannot be repeated. */
export function bare(query: Buffer, rcode: number): Buffer {
  const reply = Buffer.alloc(HEADER);
  query.copy(reply, 0, 0, 2);
  const flags = query.readUInt16BE(2);
  reply.writeUInt16BE(QR | (flags & (OPCODE | RD)) | rcode, 2);
  return reply;
}
