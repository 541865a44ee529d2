import type { Identity, Refusal } from '@hoop/core';
import type { Tally } from '../record/tally.js';

/** A flow that runs now. */
export interface LiveFlow {
  session: string;
  identity: Identity;
  loginId: string;
  connection: string;
  port: number;
  /** The database roles that its own is a member of; none where the connection's credential is static. */
  roles: readonly string[];
  leaseUntil: number;
  tally: Tally;
  abort: AbortController;
}

/** All flows that run now: what revoking ends. */
export class LiveFlows {
  readonly #flows = new Map<string, LiveFlow>();
  readonly #perPerson = new Map<string, number>();
  readonly #whenEmpty: (() => void)[] = [];
  /** Counts what may have changed who is admitted: a flow that was being opened meanwhile asks again. */
  epoch = 0;

  get size(): number {
    return this.#flows.size;
  }

  ofPerson(subject: string): number {
    return this.#perPerson.get(subject) ?? 0;
  }

  get(session: string): LiveFlow | undefined {
    return this.#flows.get(session);
  }

  all(): LiveFlow[] {
    return [...this.#flows.values()];
  }

  add(flow: LiveFlow): void {
    this.#flows.set(flow.session, flow);
    this.#perPerson.set(flow.identity.subject, this.ofPerson(flow.identity.subject) + 1);
  }

  remove(flow: LiveFlow): void {
    if (!this.#flows.delete(flow.session)) return;
    const left = this.ofPerson(flow.identity.subject) - 1;
    if (left > 0) this.#perPerson.set(flow.identity.subject, left);
    else this.#perPerson.delete(flow.identity.subject);
    if (this.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Resolves when no flow runs any more, or the signal is aborted. */
  ended(signal: AbortSignal): Promise<void> {
    if (this.size === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Ends, natively, each flow that `why` has a refusal for. Answers them. */
  revoke(why: (flow: LiveFlow) => Refusal | undefined): { flow: LiveFlow; refusal: Refusal }[] {
    this.epoch += 1;
    const ended = this.all().flatMap((flow) => {
      const refusal = flow.abort.signal.aborted ? undefined : why(flow);
      return refusal ? [{ flow, refusal }] : [];
    });
    for (const { flow, refusal } of ended) flow.abort.abort(refusal);
    return ended;
  }
}
