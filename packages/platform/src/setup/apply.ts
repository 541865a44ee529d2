import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { HoopError, UserError } from '@hoop/core';
import { withBlock, withoutBlock } from './block.js';
import type { Entry, Journal } from './journal.js';
import { type Action, actionText, type Command, MARK, type StepPlan, type Undo, undosOf, undoText } from './plan.js';
import type { Run } from './system.js';

export interface Hands {
  run: Run;
  /** Told before each thing is done. */
  show(what: string): void;
}

/**
 * Does a step. How to undo each action is in the journal before it is done. What an earlier run did and this plan does no
 * longer is undone first. An action that fails undoes the whole step.
 */
export function applyStep(plan: StepPlan & { can: true }, journal: Journal, hands: Hands): void {
  const mine = () => journal.entries.filter(({ step }) => step === plan.step);
  const wanted = plan.actions.flatMap((action) => undosOf(action, [])).map((undo) => JSON.stringify(undo));
  const kept = ({ undo }: Entry) => undo.undo === 'rmdir' || wanted.includes(JSON.stringify(undo));
  undoAll(
    mine().filter((entry) => !kept(entry)),
    journal,
    hands,
  );
  for (const action of plan.actions) {
    journal.add(plan.step, undosOf(action, foldersToMake(action)));
    if (action.do === 'later') continue;
    hands.show(actionText(action));
    try {
      perform(action, hands.run);
    } catch (cause) {
      if (action.do === 'run' && action.optional) {
        hands.show(`passed over: ${briefly(cause)}`);
        continue;
      }
      undoAll(mine(), journal, hands);
      const why = cause instanceof HoopError ? cause.message : `\`${actionText(action)}\` failed: ${briefly(cause)}`;
      throw new UserError('setup-failed', `${why}; all of this step was undone`, { cause });
    }
  }
}

/** Undoes entries, the last first; each leaves the journal once it is undone. Answers what could not be undone, and why. */
export function undoAll(entries: readonly Entry[], journal: Journal, hands: Hands): string[] {
  const failed: string[] = [];
  for (const entry of [...entries].reverse()) {
    try {
      if (!isGone(entry.undo, hands.run)) {
        hands.show(undoText(entry.undo));
        takeBack(entry.undo, hands.run);
      }
      journal.drop(entry);
    } catch (cause) {
      failed.push(`${undoText(entry.undo)}: ${briefly(cause)}`);
    }
  }
  return failed;
}

const briefly = (cause: unknown) => (cause instanceof Error ? cause.message : 'unknown').split('\n')[0]!.slice(0, 200);

function perform(action: Exclude<Action, { do: 'later' }>, run: Run): void {
  if (action.do === 'write') return writeOurs(action.path, action.text);
  if (action.do === 'block') return editInPlace(action.path, (text) => withBlock(text, action.text));
  must(action.command, run);
}

function takeBack(undo: Undo, run: Run): void {
  if (undo.undo === 'remove') return removeOurs(undo.path);
  if (undo.undo === 'unblock') return editInPlace(undo.path, withoutBlock);
  if (undo.undo === 'rmdir') return removeEmpty(undo.path);
  must(undo.command, run);
}

function isGone(undo: Undo, run: Run): boolean {
  if (undo.undo === 'run') return undo.when !== undefined && run(undo.when).code !== 0;
  return ![undo.path, nextOf(undo.path)].some((path) => existsSync(path));
}

function must(command: Command, run: Run): void {
  const done = run(command);
  if (done.code === 0) return;
  const said = (done.stderr.trim() || done.stdout.trim()).split('\n')[0] ?? '';
  throw new Error(said === '' ? `it ended with ${done.code ?? 'no code'}` : said);
}

/** Others' files in a folder that we made keep it. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (cause) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
  }
}

/** The folders, outermost first, that a file of ours needs and that are not there. */
function foldersToMake(action: Action): string[] {
  if (action.do !== 'write') return [];
  const missing: string[] = [];
  for (let folder = dirname(action.path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  return missing;
}

/** A file of ours in a folder of root's, replaced in one step. Anybody else's file, link or folder there is refused. */
function writeOurs(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  checkFolders(dirname(path));
  if (whose(path) === 'theirs') throw new UserError('setup-path', `${path} is there already, and is not hoop's`);
  const next = nextOf(path);
  rmSync(next, { force: true });
  const file = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644);
  try {
    fchmodSync(file, 0o644);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
}

/** Where a file is until it is whole; a power cut may leave it. */
const nextOf = (path: string) => `${path}.hoop-next`;

function whose(path: string): 'ours' | 'theirs' | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isFile() && readFileSync(path, 'utf8').includes(MARK) ? 'ours' : 'theirs';
}

/** What somebody else has put in its place stays. */
function removeOurs(path: string): void {
  rmSync(nextOf(path), { force: true });
  if (whose(path) === 'ours') rmSync(path);
}

/** Accounts of services, which are no person's: polkit's owns the folder of its rules (login.defs(5) SYS_UID_MAX, sysadminctl(8)). */
const LAST_SYSTEM_UID = process.platform === 'darwin' ? 499 : 999;
/** No part of the way may be written by any person, or what is looked at is not what is written. */
function checkFolders(folder: string): void {
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    const found = lstatSync(at);
    const shared = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
    if (!found.isDirectory() || !(found.uid <= LAST_SYSTEM_UID || found.uid === process.getuid?.()) || shared)
      throw new UserError('setup-path', `${at} is not a folder that only the system can change`);
    if (at === dirname(at)) return;
  }
}

/** The same file, new text: it may be a mount, whose name cannot be given to another file. */
function editInPlace(path: string, change: (text: string) => string): void {
  const file = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const text = readFileSync(file, 'utf8');
    const bytes = Buffer.from(change(text));
    writeSync(file, bytes, 0, bytes.length, 0);
    ftruncateSync(file, bytes.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
