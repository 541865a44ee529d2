import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedStatement } from '@hoop/contracts/gateway';
import { segmentName, segmentsIn } from './folder.js';
import type { ShownOutput } from './lines.js';
import { scanSegment } from './scan.js';
import { Tally, type Written } from './tally.js';

type Statement = { -readonly [K in keyof RecordedStatement]: RecordedStatement[K] };

/** Visits the lines of one session, from the segment it began in until its end. */
function visitSession(folder: string, session: string, from: number, visit: (line: Written) => void): void {
  const mark = `"session":${JSON.stringify(session)}`;
  let ended = false;
  for (const segment of segmentsIn(folder).filter((each) => each >= from)) {
    scanSegment(readFileSync(join(folder, segmentName(segment))), (text) => {
      if (ended || !text.includes(mark)) return;
      const line = JSON.parse(text) as Written;
      if (!('session' in line) || line.session !== session || line.kind === 'audit') return;
      visit(line);
      ended = line.kind === 'end';
    });
    if (ended) return;
  }
}

/** The statements of a session with how they went, in the order they were asked. */
export function statementsOf(folder: string, session: string, from: number): RecordedStatement[] {
  const statements = new Map<number, Statement>();
  visitSession(folder, session, from, (line) => {
    if (line.kind === 'intent') statements.set(line.number, asked(line));
    else if (line.kind === 'entry') wentOn(statements, line.entry);
  });
  return [...statements.values()];
}

/** What the record knows of a session whose end was never written to the store. */
export function tallyOf(folder: string, session: string, from: number): Tally {
  const tally = new Tally();
  visitSession(folder, session, from, (line) => tally.add(line));
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
