import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@hoop/core';
import { type Person, STAFF } from '../idp/people.js';
import type { Account } from './account.js';
import { Company } from './company.js';
import { keyringMissing } from './keyring.js';
import { Laptop, type LaptopRecord } from './laptop.js';
import { findPlace, makePlace, type Place, removePlace } from './place.js';
import { endProcess, MARK, marked, Processes, recorded, runs, type Started, startOf } from './processes.js';
import { loader, type Programs, programs } from './programs.js';
import { canMakeUsers, makeUser, removeUser, usersOf } from './users.js';

/** What `demo as PERSON` reads of a running world. */
export interface WorldRecord {
  owner: Started;
  laptops: Record<string, LaptopRecord>;
}

export interface WorldOptions {
  /** The checkout. */
  root: string;
  /** ./.demo */
  folder: string;
}

/** The demo world: a company, and a laptop per person. Everything of it is under one folder and carries one mark. */
export class World {
  readonly folder: string;
  readonly place: Place;
  readonly programs: Programs;
  readonly processes: Processes;
  readonly laptops = new Map<string, Laptop>();
  /** Another OS user of alice's laptop; absent where the demo cannot make users. */
  mallory: Account | undefined;
  company!: Company;
  readonly #servers: Account | undefined;
  readonly separate: boolean;

  private constructor(options: WorldOptions, separate: boolean) {
    this.folder = options.folder;
    this.separate = separate;
    this.place = makePlace(options.folder, separate);
    this.processes = new Processes(join(options.folder, 'processes'));
    this.programs = programs(options.root, this.place.place, separate);
    this.#servers = this.#user('company');
    this.mallory = this.#user('mallory');
  }

  /** Clears what a crash left, then makes room. Throws `UserError` `running` if another demo runs in this folder. */
  static async prepare(options: WorldOptions): Promise<World> {
    const running = readWorld(options.folder);
    if (running && runs(running.owner)) throw another(running.owner);
    await clear(options.folder);
    const world = new World(options, canMakeUsers());
    world.#save();
    world.company = await world.#found('company');
    return world;
  }

  /** Another company: an authority, an IdP, a database and a gateway of its own, of which the first one knows nothing. */
  async another(name: string): Promise<Company> {
    const company = await this.#found(name, { name });
    await Promise.all([company.startIdp(), company.startPostgres()]);
    await company.startGateway();
    return company;
  }

  #found(room: string, named: { name?: string } = {}): Promise<Company> {
    const { programs, processes, place } = this;
    const env = { ...loader(), [MARK]: this.folder, PATH: process.env.PATH, HOME: place.place, LANG: 'C.UTF-8' };
    return Company.found({
      ...{ folder: join(place.place, room), programs, processes, env },
      ...{ account: this.#servers, ...named },
    });
  }

  laptop(name: string): Laptop {
    const laptop = this.laptops.get(name);
    if (!laptop) throw new Error(`${name} has no laptop`);
    return laptop;
  }

  async setUpLaptops(people: readonly Person[] = STAFF): Promise<void> {
    const keyring = keyringMissing(this.programs.packages) === undefined;
    mkdirSync(join(this.place.place, 'laptops'), { recursive: true, mode: 0o755 });
    for (const person of people) {
      const folder = join(this.place.place, 'laptops', person.name);
      const account = this.#user(person.name, join(folder, 'home'));
      const { programs, processes, company } = this;
      const laptop = await Laptop.setUp({
        ...{ world: this.folder, folder, person, account, programs, processes, keyring },
        ...{ caFile: company.caFile, gateway: company.publicPort > 0 ? company.gatewayUrl : undefined },
      });
      this.laptops.set(person.name, laptop);
      this.#save();
    }
  }

  /** Ends every process, removes every user and the folder. */
  async end(options: { keep?: boolean } = {}): Promise<void> {
    await this.processes.endAll();
    if (!options.keep) return clear(this.folder);
    await endMarked(this.folder);
    usersOf(this.folder).forEach(removeUser);
  }

  #user(name: string, home = '/nonexistent'): Account | undefined {
    return this.separate ? makeUser(this.folder, name, home) : undefined;
  }

  #save(): void {
    const since = startOf(process.pid);
    const record: WorldRecord = {
      owner: { name: 'demo', pid: process.pid, ...(since && { since }) },
      laptops: Object.fromEntries([...this.laptops].map(([name, { record }]) => [name, record])),
    };
    writeFileSync(join(this.folder, 'world.json'), JSON.stringify(record), { mode: 0o600 });
  }
}

const another = ({ pid }: Started) =>
  new UserError('running', `a demo runs already (pid ${pid})`, {
    hint: 'end it there with exit, or join it: ./scripts/demo as alice hoop ls',
  });

export function readWorld(folder: string): WorldRecord | undefined {
  const file = join(folder, 'world.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as WorldRecord) : undefined;
}

async function endMarked(folder: string): Promise<void> {
  // Twice: what the first round ended may have had children that were not there yet.
  for (let round = 0; round < 2; round++) await Promise.all(marked(folder).map(endProcess));
}

/** Removes what a world in this folder left behind: processes, OS users, files. */
export async function clear(folder: string): Promise<void> {
  const left = recorded(join(folder, 'processes')).filter(runs);
  for (const started of left.toReversed()) await endProcess(started);
  await endMarked(folder);
  for (const user of usersOf(folder)) removeUser(user);
  const place = findPlace(folder);
  if (place) removePlace(place);
}
