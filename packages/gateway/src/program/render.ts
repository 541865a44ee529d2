import { ApiError } from '@hoop/contracts/http';
import { EXIT, HoopError, UserError } from '@hoop/core';

/** Where the program's words go. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

export const terminal: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
};

/** The one place where an error becomes words and an exit code (design §7 and §8). */
export function renderError(thrown: unknown, json: boolean, { err }: Terminal): number {
  const error = denied(thrown) ?? thrown;
  const told = error instanceof HoopError ? error : undefined;
  const code = told?.code ?? 'internal';
  const message = told?.message ?? `a bug of ours: ${(error as Error | undefined)?.message ?? error}`;
  if (json) err(JSON.stringify({ error: { code, message, ...(told?.hint !== undefined && { hint: told.hint }) } }));
  else {
    err(`hoop-gateway: ${message}`);
    if (told?.hint !== undefined) err(`  ${told.hint}`);
    if (!told && error instanceof Error) err(error.stack ?? '');
  }
  return exitOf(error);
}

/** A file that is not this user's to read or write is nobody's bug. */
function denied(error: unknown): UserError | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if ((code !== 'EACCES' && code !== 'EPERM') || path === undefined) return undefined;
  const hint = "run it as the gateway's user, or as root";
  return new UserError('denied', `${path} may not be used: ${code}`, { hint, cause: error });
}

function exitOf(error: unknown): number {
  if (error instanceof UserError) return EXIT[error.exit];
  if (error instanceof ApiError) return error.status >= 500 ? EXIT.unavailable : EXIT.user;
  return error instanceof HoopError ? EXIT.user : EXIT.bug;
}

/** e.g. `1 flow`, `2 flows`, `2 entries` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** Columns, as wide as they need; no line ends in blanks. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}
