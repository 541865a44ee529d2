import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@hoop/core';
import { ownFolder, readOwn, replaceOwn, UNFINISHED } from '../paths/apply.js';
import { STEPS, type StepName, type Undo } from './plan.js';

/** Where a journal is kept, who alone may have written it, and under what folders it may remove files. */
export interface Ground {
  folder: string;
  owner: number;
  places: readonly string[];
}
export const rootsGround = (platform: NodeJS.Platform): Ground => ({
  folder: platform === 'darwin' ? '/Library/Application Support/hoop-setup' : '/var/lib/hoop',
  owner: 0,
  places: ['/etc/', '/usr/local/share/', '/Library/'],
});

export interface Entry {
  step: StepName;
  undo: Undo;
}

interface Written {
  /** For whom the machine is set up. */
  uid: number;
  entries: Entry[];
}

/**
 * How to take back what was done, in the order in which it was done; on disk before each action. Root's own: it outlives
 * a crash, an upgrade and the program itself. Empty, it is removed.
 */
export class Journal {
  readonly #ground: Ground;
  readonly #written: Written;

  private constructor(ground: Ground, written: Written) {
    this.#ground = ground;
    this.#written = written;
  }

  /** Undefined if there is none. Throws where one cannot be read: it is not guessed at. */
  static find(ground: Ground): Journal | undefined {
    const { folder, owner } = ground;
    if (!existsSync(folder)) return undefined;
    ownFolder(folder, owner);
    const text = readOwn(fileIn(ground), owner);
    return text === undefined ? undefined : new Journal(ground, parsed(text, ground));
  }

  /** The one there is, or a new one. Throws if the machine is set up for somebody else. */
  static open(ground: Ground, uid: number): Journal {
    const found = Journal.find(ground);
    if (found === undefined) return new Journal(ground, { uid, entries: [] });
    if (found.#written.uid === uid) return found;
    throw new UserError('setup-taken', `this machine is set up for user id ${found.#written.uid}`, {
      hint: 'hoop setup --undo, as they or with sudo, makes room',
    });
  }

  /** Removes what a power cut left of a journal that was being written, and the folder, if nothing else is in it. */
  static sweep({ folder, owner }: Ground): void {
    if (!existsSync(folder)) return;
    ownFolder(folder, owner);
    for (const name of readdirSync(folder).filter((one) => UNFINISHED.test(one))) rmSync(join(folder, name));
    try {
      rmdirSync(folder);
    } catch {
      // There is a journal, or somebody keeps something else in it.
    }
  }

  get entries(): readonly Entry[] {
    return this.#written.entries;
  }

  /** An entry that is there already is not moved: what was done first is undone last. */
  add(step: StepName, undos: readonly Undo[]): void {
    const { entries } = this.#written;
    const news = undos.filter((undo) => !entries.some((entry) => same(entry, { step, undo })));
    if (news.length === 0) return;
    entries.push(...news.map((undo) => ({ step, undo })));
    this.#save();
  }

  drop(entry: Entry): void {
    this.#written.entries = this.#written.entries.filter((one) => !same(one, entry));
    this.#save();
  }

  #save(): void {
    const { folder, owner } = this.#ground;
    if (this.#written.entries.length > 0) {
      ownFolder(folder, owner);
      return replaceOwn(fileIn(this.#ground), `${JSON.stringify({ version: 1, ...this.#written }, null, 1)}\n`);
    }
    rmSync(fileIn(this.#ground), { force: true });
    Journal.sweep(this.#ground);
  }
}

const fileIn = ({ folder }: Ground) => join(folder, 'setup.json');
const same = (a: Entry, b: Entry) => JSON.stringify([a.step, a.undo]) === JSON.stringify([b.step, b.undo]);

/** Programs that undoing may run: a journal is no way to run anything else as root. */
const PROGRAMS = ['systemctl', 'nmcli', 'nft', 'update-ca-certificates', 'update-ca-trust', 'setpriv', 'keytool'];
const MACS = ['launchctl', 'ifconfig', 'pfctl', 'security', 'dscacheutil', 'killall'];

function parsed(text: string, ground: Ground): Written {
  const isPlace = (at: unknown) =>
    typeof at === 'string' && ground.places.some((place) => at.startsWith(place)) && !at.includes('/../');
  const isCommand = (command: unknown) =>
    Array.isArray(command) &&
    command.every((word) => typeof word === 'string') &&
    [...PROGRAMS, ...MACS].includes(String(command[0]));
  const isUndo = (undo: Undo) =>
    undo.undo === 'run'
      ? isCommand(undo.command) && (undo.when === undefined || isCommand(undo.when))
      : isPlace(undo.path);
  try {
    const { version, uid, entries } = JSON.parse(text) as Written & { version: number };
    const good = version === 1 && entries.every(({ step, undo }) => STEPS.includes(step) && isUndo(undo));
    if (good) return { uid, entries };
  } catch {
    // Told below.
  }
  throw new UserError('setup-journal', `${fileIn(ground)} is not a journal that this version of hoop can read`, {
    hint: 'the version of hoop that wrote it can: hoop setup --undo',
  });
}
