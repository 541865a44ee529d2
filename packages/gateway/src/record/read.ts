import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { RecordedStatement } from '@hoop/contracts/gateway';
import { segmentName, segmentsIn } from './folder.js';
import { CHAIN, type Chain, type ShownOutput } from './lines.js';
import { Tally, type Written } from './tally.js';

type Statement = { -readonly [K in keyof RecordedStatement]: RecordedStatement[K] };
/** Read at once: between two reads other flows have their turn. */
const PIECE = 262_144;

/** Lines of one session, from the segment it began in until its end. Only whole batches: a torn one never took effect. */
async function* linesOf(folder: string, session: string, from: number): AsyncGenerator<Written> {
  const mark = `"session":${JSON.stringify(session)}`;
  for (const segment of segmentsIn(folder).filter((each) => each >= from)) {
    let batch: string[] = [];
    for await (const line of textLines(join(folder, segmentName(segment)))) {
      if (line.includes(mark)) batch.push(line);
      if (!line.startsWith(CHAIN) || batch.length === 0) continue;
      const whole = isWhole(line) ? batch.flatMap((each) => written(each, session)) : [];
      batch = [];
      yield* whole;
      if (whole.some((each) => each.kind === 'end')) return;
    }
  }
}

async function* textLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: PIECE })) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function isWhole(line: string): boolean {
  return parsed<{ chain: Chain }>(line).some(({ chain }) => chain.torn === undefined);
}

function written(text: string, session: string): Written[] {
  return parsed<Written>(text).filter((line) => line.kind !== 'audit' && line.session === session);
}

/** None if it cannot be read: what is broken is for `audit verify` to name. */
function parsed<T>(text: string): T[] {
  try {
    return [JSON.parse(text) as T];
  } catch {
    return [];
  }
}

/** The statements of a session with how they went, in the order they were asked. */
export async function statementsOf(folder: string, session: string, from: number): Promise<RecordedStatement[]> {
  const statements = new Map<number, Statement>();
  for await (const line of linesOf(folder, session, from)) {
    if (line.kind === 'intent') statements.set(line.number, asked(line));
    else if (line.kind === 'entry') wentOn(statements, line.entry);
  }
  return [...statements.values()];
}

/** What the record knows of a session whose end was never written to the store. */
export async function tallyOf(folder: string, session: string, from: number): Promise<Tally> {
  const tally = new Tally();
  for await (const line of linesOf(folder, session, from)) tally.add(line);
  return tally;
}

function asked(line: Extract<Written, { kind: 'intent' }>): Statement {
  return {
    number: line.number,
    at: line.at,
    text: line.action.text,
    ...(line.action.parameters && { parameters: [...line.action.parameters] }),
    verdict: line.verdict,
    ...(line.rule !== undefined && { rule: line.rule }),
  };
}

function wentOn(statements: Map<number, Statement>, entry: Extract<Written, { kind: 'entry' }>['entry']): void {
  const statement = 'statement' in entry && entry.statement !== undefined ? statements.get(entry.statement) : undefined;
  if (!statement) return;
  if (entry.kind === 'output') {
    const { columns, rows } = entry as ShownOutput;
    statement.output = [...(statement.output ?? []), { columns, rows }];
  } else if (entry.kind === 'finished') {
    const { ms, rows, bytes, tag, error } = entry;
    Object.assign(
      statement,
      { ms, rows, bytes },
      tag === undefined ? {} : { tag },
      error === undefined ? {} : { error },
    );
  }
}
