import { describeHolder, type Holder } from '@hoop/platform';
import type { Problems } from '../problems.js';
import type { Missing, Place, Resolver } from './resolver.js';

export interface KeptOptions {
  resolver: Resolver;
  /** Where programs are led to by now, or would be asked if they were. */
  place(): Place;
  /** What lets hoopd have a port that is the system's to give. */
  cure(): string;
  /** Why a place is anybody's to take once hoopd is down, if set-up leads there and it is. */
  isOpen(place: Place): { hint: string } | undefined;
  problems: Problems;
  holderOf(address: string, port: number, transport: Missing['transport']): Promise<Holder | undefined>;
}

/** How often what somebody else holds is tried again. Milliseconds. */
const RETRY = 5_000;
const NO_NAMES = 'hoop connect and hoop run need no names';

/**
 * Keeps the resolver where programs are led to, and nowhere else: whoever holds that is waited for, since a resolver
 * elsewhere would be asked by nobody, and they by all.
 */
export class KeptResolver {
  readonly #options: KeptOptions;
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: KeptOptions) {
    this.#options = options;
  }

  /** Tries all that is missing; one at a time. */
  keep(): Promise<void> {
    const done = this.#work.then(() => this.#keep());
    this.#work = done.catch(() => {});
    return done;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#work;
    await this.#options.resolver.close();
  }

  async #keep(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const { resolver, place, problems, isOpen } = this.#options;
    const where = place();
    const missing = await resolver.bind(where);
    const [first] = missing;
    if (first === undefined) problems.solved('resolver');
    else await this.#tell(where, missing, first);
    const open = isOpen(where);
    if (open === undefined) problems.solved('resolver-open');
    else this.#say('resolver-open', openText(where), open.hint);
    // Any other reason goes away with a set-up, which tells.
    if (this.#closed || !missing.some(({ why }) => why === 'EADDRINUSE')) return;
    this.#timer = setTimeout(() => void this.keep().catch(() => {}), RETRY);
    this.#timer.unref();
  }

  /** What is said already stands, each few seconds that it is true. */
  #say(code: string, message: string, hint: string): void {
    const { problems } = this.#options;
    const isSaid = problems.all.some((one) => one.code === code && one.message === message && one.hint === hint);
    if (!isSaid) problems.add(code, message, hint);
  }

  async #tell({ address, port }: Place, missing: readonly Missing[], { transport, why }: Missing): Promise<void> {
    const { cure, holderOf } = this.#options;
    const what = `${missing.map((one) => one.transport.toUpperCase()).join(' and ')} ${address}:${port}`;
    const lack = transport === 'udp' ? 'names cannot be answered' : 'long answers cannot be given';
    const tell = (how: string, hint: string) => this.#say('resolver', `${lack}: ${what} ${how}`, hint);
    if (why === 'EACCES') return tell('is only for a hoopd that the system keeps running', cure());
    if (why !== 'EADDRINUSE') return tell(`cannot be bound (${why})`, NO_NAMES);
    const holder = await holderOf(address, port, transport);
    const who = holder === undefined ? 'somebody else' : describeHolder(holder, port);
    tell(
      `is held by ${who}`,
      `end it: sudo ss -lptun sport = :${port} shows it. hoopd tries again by itself; ${NO_NAMES}`,
    );
  }
}

const openText = ({ address, port }: Place): string =>
  `any user of this machine can answer for *.hoop while hoopd is down: it is asked on ${address}:${port}`;
