import { RE2JS } from 're2js';

/** UTF-16 units of text that are searched; the slowest expressions take some 10 ms for as many. */
export const SEARCHED = 65_536;

/**
 * Compiles an expression of RE2's language, in which a search takes time linear in the text (threats, A34). `.` stands for
 * line ends, too. Throws `Error` with RE2's own words for what is none.
 */
export function expression(source: string): (text: string) => boolean {
  const compiled = RE2JS.compile(source, RE2JS.DOTALL);
  return (text) => compiled.test(text);
}

/** What is wrong with an expression, in RE2's words; undefined if nothing is. */
export function expressionFault(source: string): string | undefined {
  try {
    expression(source);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '');
  }
}
