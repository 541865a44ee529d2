import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { RecordedStatement } from '@hoop/contracts/gateway';
import { textOf } from '@hoop/core';
import { segmentName, segmentsIn } from './folder.js';
import { CHAIN, type Chain, type ShownOutput } from './lines.js';
import { Tally, type Written } from './tally.js';

type Statement = { -readonly [K in keyof RecordedStatement]: RecordedStatement[K] };
type SessionLine = Exclude<Written, { kind: 'audit' }>;
/** Read at once: between two reads other flows have their turn. */
const PIECE = 262_144;

/** A session's line names it before anything that the client said. */
const SESSION = /"session":"([^"]+)"/;

/** Lines of these sessions, from a segment on. Only whole batches: a torn one never took effect. */
async function* linesOf(folder: string, sessions: ReadonlySet<string>, from: number): AsyncGenerator<SessionLine> {
  for (const segment of segmentsIn(folder).filter((each) => each >= from)) {
    let batch: string[] = [];
    for await (const line of textLines(join(folder, segmentName(segment)))) {
      if (sessions.has(SESSION.exec(line)?.[1] ?? '')) batch.push(line);
      if (!line.startsWith(CHAIN) || batch.length === 0) continue;
      if (isWhole(line)) yield* batch.flatMap((each) => parsed<Written>(each).filter(isSessionLine));
      batch = [];
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

const isSessionLine = (line: Written): line is SessionLine => line.kind !== 'audit';

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
  for await (const line of linesOf(folder, new Set([session]), from)) {
    if (line.kind === 'end') break;
    if (line.kind === 'intent') statements.set(line.number, asked(line));
    else if (line.kind === 'entry') wentOn(statements, line.entry);
  }
  return [...statements.values()];
}

/** What the record knows of sessions whose end was never written to the store; one reading for all of them. */
export async function talliesOf(
  folder: string,
  sessions: readonly string[],
  from: number,
): Promise<Map<string, Tally>> {
  const tallies = new Map(sessions.map((session) => [session, new Tally()]));
  for await (const line of linesOf(folder, new Set(sessions), from)) tallies.get(line.session)?.add(line);
  return tallies;
}

function asked(line: Extract<Written, { kind: 'intent' }>): Statement {
  const parameters = line.action.kind === 'statement' ? line.action.parameters : undefined;
  return {
    number: line.number,
    at: line.at,
    text: textOf(line.action),
    ...(parameters && { parameters: [...parameters] }),
    verdict: line.verdict,
    ...(line.rule !== undefined && { rule: line.rule }),
    ...(line.matched && { matched: [...line.matched] }),
  };
}

function wentOn(statements: Map<number, Statement>, entry: Extract<Written, { kind: 'entry' }>['entry']): void {
  const statement = 'statement' in entry && entry.statement !== undefined ? statements.get(entry.statement) : undefined;
  if (!statement) return;
  if (entry.kind === 'output') {
    const { columns, rows } = entry as ShownOutput;
    statement.output = [...(statement.output ?? []), { columns, rows }];
  } else if (entry.kind === 'masked') {
    statement.masked = [...(statement.masked ?? []), { rule: entry.rule, cells: entry.cells }];
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
