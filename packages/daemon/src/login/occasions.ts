import type { Notice } from '@hoop/platform';
import type { Act } from './lack.js';

export interface OccasionsOptions {
  /** False: there is no desktop that shows it. */
  show(notice: Notice): Promise<boolean>;
  /** Milliseconds; monotonic. */
  now(): number;
}

/** Between two notices, whatever happens; and until one that could not be shown is tried again. */
const BETWEEN = 5 * 60_000;
const AGAIN = 60_000;

/**
 * Tells the person on their desktop that they must act: once for each occasion, however many programs wait. An occasion is
 * there when a login that worked has ended, or a program was turned away; it is over once there is a credential.
 */
export class Occasions {
  readonly #options: OccasionsOptions;
  #worked = false;
  #told: Act | undefined;
  #next = 0;

  constructor(options: OccasionsOptions) {
    this.#options = options;
  }

  /** There is a credential. */
  over(): void {
    this.#worked = true;
    this.#told = undefined;
  }

  /** Programs could not connect now; where the login never worked, nobody is told before one tries. */
  stuck(act: Act): void {
    if (!this.#worked) return;
    this.#worked = false;
    this.missed(act);
  }

  /** A program was turned away. */
  missed(act: Act): void {
    if (this.#told === act || this.#options.now() < this.#next) return;
    this.#next = this.#options.now() + AGAIN;
    void this.#tell(act);
  }

  async #tell(act: Act): Promise<void> {
    if (!(await this.#options.show(NOTICES[act]))) return;
    this.#told = act;
    this.#next = this.#options.now() + BETWEEN;
  }
}

const NOTICES: Record<Act, Notice> = {
  'log-in': {
    title: 'hoop: your login has ended',
    body: 'Log in again, in a terminal: hoop login',
  },
  unlock: {
    title: 'hoop waits for your keychain',
    body: 'Unlock it, and programs can connect again; hoop status says more.',
  },
  ask: {
    title: 'hoop: your access has ended',
    body: 'In a terminal, hoop status says why, and whom to ask.',
  },
};
