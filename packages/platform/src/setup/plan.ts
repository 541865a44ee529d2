import { createHash } from 'node:crypto';

/** What `hoop setup` can do, in the order in which it does it. */
export const STEPS = ['resolver', 'ports', 'ca', 'service'] as const;
export type StepName = (typeof STEPS)[number];
/** Those that nobody is asked about. */
export const USUAL: readonly StepName[] = ['resolver', 'ports', 'service'];

/** A command and its arguments, run without a shell, from the system's folders. */
export type Command = readonly [program: string, ...args: string[]];

/**
 * One thing done to the machine by root. A plan is made of nothing else, so that what is shown is what is done, and each
 * has its way back before it is done.
 */
export type Action =
  /** A file that is ours as a whole. */
  | { do: 'write'; path: string; text: string }
  /** Marked lines of ours in a file of the machine's, edited in place. */
  | { do: 'block'; path: string; text: string }
  /** `undo` takes it back. `optional`: where it fails, it is passed over. */
  | { do: 'run'; command: Command; undo?: UndoRun; optional?: true }
  /** Nothing now; undoing runs it, after all that comes later in the plan is undone. */
  | { do: 'later'; undo: UndoRun };

export interface UndoRun {
  command: Command;
  /** Only if this command succeeds: what is gone already need not be taken back. */
  when?: Command;
}

/** How one action is taken back; a journal is a list of these. Each may be done twice, or without its action. */
export type Undo =
  | { undo: 'remove'; path: string }
  | { undo: 'rmdir'; path: string }
  | { undo: 'unblock'; path: string }
  | ({ undo: 'run' } & UndoRun);

export type StepPlan =
  | {
      step: StepName;
      can: true;
      /** In plain words. */
      does: string;
      /** What it cannot give on this machine. */
      degraded?: string;
      /** Empty: all of it is in place. */
      actions: readonly Action[];
    }
  | { step: StepName; can: false; why: string; hint: string };

/** In every file of ours, as a comment: a file without it is somebody else's, and stays. */
export const MARK = 'Written by `hoop setup`, which also takes it away again.';

/** Names a plan: root does what was shown, or nothing. */
export function digestOf(plans: readonly StepPlan[]): string {
  return createHash('sha256').update(JSON.stringify(plans)).digest('hex');
}

/** The ways back of an action, first the one that is taken last. `made`: folders that it has to make. */
export function undosOf(action: Action, made: readonly string[]): Undo[] {
  if (action.do === 'write') {
    return [...made.map((path) => ({ undo: 'rmdir', path }) as const), { undo: 'remove', path: action.path }];
  }
  if (action.do === 'block') return [{ undo: 'unblock', path: action.path }];
  return action.undo === undefined ? [] : [{ undo: 'run', ...action.undo }];
}

/** As a person reads it, one line. */
export function actionText(action: Action): string {
  if (action.do === 'write') return `write ${action.path}`;
  if (action.do === 'block') return `mark lines in ${action.path}`;
  return (action.do === 'run' ? action.command : action.undo.command).join(' ');
}

export function undoText(undo: Undo): string {
  if (undo.undo === 'remove') return `remove ${undo.path}`;
  if (undo.undo === 'rmdir') return `remove ${undo.path}/`;
  if (undo.undo === 'unblock') return `take the marked lines out of ${undo.path}`;
  return undo.command.join(' ');
}
