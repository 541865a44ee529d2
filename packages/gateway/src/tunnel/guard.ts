import { type FlowGuardrails, type Masks, masksFor } from '@hoop/controls';
import { type Action, type ClientProgram, type Verdict, WITHDRAWN } from '@hoop/core';
import type { Configured } from '../config/configured.js';
import type { LiveFlow } from './live.js';
import type { Intent } from './recording.js';
import type { Services } from './services.js';

/**
 * The controls of a live flow. Each statement is judged by the guardrails, and for the groups of the person, that are in force
 * when it comes: a reload (SIGHUP) and a renewed login take effect at once. Masks are those of the flow's opening; once others
 * would hold, and where a flow that is not read would have to be, its statements are refused until it is opened anew.
 */
export class Guard {
  /** What the person may not see; absent where that is nothing. */
  readonly masks: Masks | undefined;
  /** Statements have to be read. */
  readonly reads: boolean;
  readonly #services: Services;
  readonly #flow: LiveFlow;
  readonly #program: string | undefined;
  readonly #masked: string;
  #made: { by: Configured; of: LiveFlow['identity']; guardrails: FlowGuardrails; stale: boolean };

  constructor(services: Services, flow: LiveFlow, program: ClientProgram | undefined) {
    this.#services = services;
    this.#flow = flow;
    this.#program = program?.name;
    this.#masked = this.#maskedNow();
    this.#made = this.#make();
    const { connection, identity } = flow;
    const { groups, subject } = identity;
    this.masks = masksFor(services.configured.masks, { connection, groups, person: subject }, services.masking);
    this.reads = this.masks !== undefined || this.#made.guardrails.isOn;
  }

  readonly judge = (action: Action): Verdict => {
    if (this.#made.by !== this.#services.configured || this.#made.of !== this.#flow.identity) this.#made = this.#make();
    return this.#made.stale ? STALE : this.#made.guardrails.judge(action);
  };

  /** Puts what was decided by a rule into the audit. */
  readonly decided = ({ session, number, verdict, rule, matched = [] }: Intent): void => {
    if (verdict === 'deny' && rule !== WITHDRAWN) this.#told('statement-refused', session, number, rule ?? '', 'deny');
    for (const one of matched)
      this.#told(one.then === 'warn' ? 'statement-warned' : 'statement-observed', session, number, one.rule, one.then);
  };

  #make() {
    const { configured } = this.#services;
    const { identity, connection } = this.#flow;
    const guardrails = configured.guardrailsFor(connection, identity, this.#program);
    return { by: configured, of: identity, guardrails, stale: this.#maskedNow() !== this.#masked };
  }

  #maskedNow(): string {
    const { identity, connection } = this.#flow;
    return JSON.stringify(this.#services.configured.masksFor(connection, identity));
  }

  #told(
    event: 'statement-refused' | 'statement-warned' | 'statement-observed',
    session: string,
    statement: number,
    rule: string,
    then: string,
  ): void {
    const { identity, connection } = this.#flow;
    const { email, subject } = identity;
    this.#services.metrics.ruled.inc({ rule, then });
    this.#services.audit({ event, person: email, subject, connection, session, statement, rule });
  }
}

const STALE: Verdict = {
  allow: false,
  rule: 'masks',
  reason: 'what is masked for you has changed since this session was opened',
  hint: 'Connect again.',
};
