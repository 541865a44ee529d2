import type { ExitName } from '@hoop/core';

/** One line of the doctor's. */
export interface Finding {
  /** What was looked at. */
  check: string;
  state: 'ok' | 'warn' | 'fail';
  says: string;
  /** The one command that mends it, or what a person does where none can. */
  mend?: string;
  /** What `hoop doctor` ends with if this is the first that fails; `user` if it is not said. */
  exit?: ExitName;
}

export const ok = (check: string, says: string): Finding => ({ check, state: 'ok', says });
export const warn = (check: string, says: string, mend: string): Finding => ({ check, state: 'warn', says, mend });
export const fail = (check: string, says: string, mend: string, exit: ExitName = 'user'): Finding => ({
  ...{ check, state: 'fail', says, mend, exit },
});
