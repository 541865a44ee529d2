import type { Node } from 'libpg-query';
import { constant, open } from './nodes.js';
import { parse, Unparsable } from './parse.js';

/** The fields of PL/pgSQL's statements that hold a text which is put together as it runs. */
export const DYNAMIC: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_dynexecute: 'query',
  PLpgSQL_stmt_dynfors: 'query',
  PLpgSQL_stmt_return_query: 'dynquery',
  PLpgSQL_stmt_open: 'dynquery',
};

/** What an expression of a body is, where it is a constant: to run that is as good as static. */
export function constantText(expression: string): string | undefined {
  try {
    const [, select] = open(parse(`SELECT ${expression}`)[0]?.node);
    const [, target] = open((select.targetList as Node[] | undefined)?.[0]);
    return constant(target.val) ?? undefined;
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
    return undefined;
  }
}
