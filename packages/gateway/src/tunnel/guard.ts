import type { FlowGuardrails, Judge } from '@hoop/controls';
import { type ClientProgram, WITHDRAWN } from '@hoop/core';
import type { Configured } from '../config/configured.js';
import type { LiveFlow } from './live.js';
import type { Intent } from './recording.js';
import type { Services } from './services.js';

/**
 * The guardrails of a live flow. Each statement is judged by the configuration, and for the groups of the person, that are in
 * force when it comes: a reload (SIGHUP) and a renewed login take effect at once. A flow that was opened while nothing on
 * its connection was controlled is not read; once guardrails are on, it is refused statements until it is opened anew.
 */
export class Guard {
  readonly #services: Services;
  readonly #flow: LiveFlow;
  readonly #program: string | undefined;
  #made: { by: Configured; of: LiveFlow['identity']; guardrails: FlowGuardrails } | undefined;

  constructor(services: Services, flow: LiveFlow, program: ClientProgram | undefined) {
    this.#services = services;
    this.#flow = flow;
    this.#program = program?.name;
  }

  readonly judge: Judge = (action) => this.#guardrails().judge(action);

  /** Puts what was decided by a rule into the audit. */
  readonly decided = ({ session, number, verdict, rule, matched = [] }: Intent): void => {
    if (verdict === 'deny' && rule !== WITHDRAWN) this.#told('statement-refused', session, number, rule ?? '', 'deny');
    for (const one of matched)
      this.#told(one.then === 'warn' ? 'statement-warned' : 'statement-observed', session, number, one.rule, one.then);
  };

  #guardrails(): FlowGuardrails {
    const { configured } = this.#services;
    const { identity, connection } = this.#flow;
    if (this.#made?.by !== configured || this.#made.of !== identity) {
      const guardrails = configured.guardrailsFor(connection, identity, this.#program);
      this.#made = { by: configured, of: identity, guardrails };
    }
    return this.#made.guardrails;
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
