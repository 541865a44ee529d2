/**
 * One base error for all of hoop (design §8). Expected outcomes are values; an error is for what stops the work.
 * Messages never hold secrets, SQL or cell values.
 */
export class HoopError<Code extends string = string> extends Error {
  readonly code: Code;
  /** What to do next, one sentence or command; shown to the user beside the message. */
  readonly hint: string | undefined;

  constructor(code: Code, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** The peer broke the wire's rules. Ends one flow, nothing else. */
export class ProtocolError extends HoopError<'protocol'> {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super('protocol', message, options);
  }
}

/** How a program that shows this error ends (design §7). */
export const EXIT = {
  ok: 0,
  user: 1,
  usage: 2,
  login: 4,
  policy: 5,
  unavailable: 69,
  bug: 70,
  interrupted: 130,
} as const;
export type ExitName = keyof typeof EXIT;

/** The user can fix it. `exit` names the exit code. */
export class UserError<Code extends string = string> extends HoopError<Code> {
  readonly exit: ExitName;

  constructor(
    code: Code,
    message: string,
    options: { hint?: string | undefined; cause?: unknown; exit?: ExitName } = {},
  ) {
    super(code, message, options);
    this.exit = options.exit ?? 'user';
  }
}
