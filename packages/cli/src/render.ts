import { EXIT, type ExitName, HoopError } from '@hoop/core';

/** The one place where an error becomes text and an exit code (design §7, §8). */
export interface Rendered {
  text: string;
  exit: number;
}

/** `width`: of the terminal that a person reads it on. */
export function render(error: unknown, options: { json: boolean; color: boolean; width?: number }): Rendered {
  const told = toldOf(error);
  const exit = EXIT[told.exit];
  if (options.json) {
    const { code, message, hint } = told;
    return { text: `${JSON.stringify({ error: { code, message, hint } })}\n`, exit };
  }
  const red = (text: string) => (options.color ? `\u001b[31m${text}\u001b[39m` : text);
  const stack = told.stack === undefined ? '' : `${told.stack}\n`;
  const width = options.width ?? Number.POSITIVE_INFINITY;
  const message = wrapped(told.message, width, ' '.repeat('hoop: '.length)).trimStart();
  const hint = told.hint === undefined ? '' : `${wrapped(told.hint, width, '  ')}\n`;
  return { text: `${red('hoop:')} ${message}\n${hint}${stack}`, exit };
}

/** Broken between words, where a terminal would break within one. */
function wrapped(text: string, width: number, indent: string): string {
  const lines = [indent];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    const next = last === indent ? `${indent}${word}` : `${last} ${word}`;
    if (next.length <= width || last === indent) lines[lines.length - 1] = next;
    else lines.push(`${indent}${word}`);
  }
  return lines.join('\n');
}

interface Told {
  code: string;
  message: string;
  hint?: string | undefined;
  exit: ExitName;
  stack?: string | undefined;
}

function toldOf(error: unknown): Told {
  if (error instanceof HoopError) {
    const { code, message, hint } = error;
    return { code, message, hint, exit: exitOf(error) };
  }
  const stack = error instanceof Error ? error.stack : String(error);
  return { code: 'internal', message: 'this is a bug in hoop', exit: 'bug', stack };
}

/** Codes of the two APIs' answers that have an exit code of their own. */
const EXITS: Record<string, ExitName> = {
  'login-required': 'login',
  'login-expired': 'login',
  'not-granted': 'policy',
  'identity-disabled': 'policy',
  'unknown-connection': 'user',
  'no-such-profile': 'usage',
  'gateway-unreachable': 'unavailable',
  'gateway-untrusted': 'unavailable',
  'idp-unreachable': 'unavailable',
  'idp-untrusted': 'unavailable',
  internal: 'bug',
};

function exitOf(error: HoopError & { exit?: ExitName; status?: number }): ExitName {
  if (error.exit !== undefined) return error.exit;
  const known = EXITS[error.code];
  if (known !== undefined) return known;
  if (error.status === 401) return 'login';
  if (error.status === 403) return 'policy';
  if (error.status !== undefined && error.status >= 500) return 'unavailable';
  return 'user';
}
