import { EXIT, UserError } from '@hoop/core';

/** Words and exit code of what the caller can mend, as hoop's own (design §7). */
export function complain(error: UserError, program = 'demo'): number {
  process.stderr.write(`${program}: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`);
  return EXIT[error.exit];
}

export const usage = (message: string, hint = './scripts/demo --help') =>
  new UserError('usage', message, { hint, exit: 'usage' });
