import { UserError } from '@hoop/core';
import { actionText, type Event, type StepName, type StepPlan } from '@hoop/platform/setup';
import { filled } from './text.js';

export interface Verified {
  good: boolean;
  name: string;
  address: string | null;
  /** Milliseconds from the end of the set-up. */
  ms: number;
}

type State = 'planned' | 'in-place' | 'cannot' | 'done' | 'failed';

/** A set-up as a person reads it and as `--json` has it: what is planned, what came of it. */
export class Report {
  readonly plans: readonly StepPlan[];
  /** What is done only if the person says yes to it. */
  readonly #offered: readonly StepPlan[];
  readonly #events: Event[] = [];
  verified: Verified | undefined;

  constructor(plans: readonly StepPlan[], offered: readonly StepPlan[] = []) {
    this.plans = plans;
    this.#offered = offered;
  }

  tell(event: Event): void {
    this.#events.push(event);
  }

  /** That nothing is done, since the step that all others are for cannot be; the plan has said why. */
  get nothingCan(): UserError | undefined {
    const [first] = this.plans;
    if (first === undefined || first.can || this.hasActions) return undefined;
    return new UserError('setup', 'nothing of this can be done now', { hint: first.hint });
  }

  get hasActions(): boolean {
    return this.plans.some((plan) => plan.can && plan.actions.length > 0);
  }

  get good(): boolean {
    return this.verified?.good !== false && !this.#events.some(({ event }) => event === 'failed');
  }

  was(state: State, step: StepName): boolean {
    return this.#stateOf(step) === state;
  }

  isDegraded(step: StepName): boolean {
    return this.plans.some((plan) => plan.step === step && plan.can && plan.degraded !== undefined);
  }

  #stateOf(step: StepName): State {
    const plan = this.plans.find((one) => one.step === step);
    if (plan === undefined || !plan.can) return 'cannot';
    if (plan.actions.length === 0) return 'in-place';
    if (this.#events.some((event) => event.event === 'failed' && event.step === step)) return 'failed';
    return this.#events.some((event) => event.event === 'done' && event.step === step) ? 'done' : 'planned';
  }

  planText(person: string): string {
    const offered = this.#offered.map((plan) =>
      stepText(plan.can ? { ...plan, does: `if you say yes: ${plan.does}` } : plan),
    );
    const steps = [...this.plans.map(stepText), ...offered];
    return `set-up of this machine, for ${person}; steps are done as root\n${steps.join('')}`;
  }

  endText(): string {
    if (this.verified === undefined) return '';
    const { good, name, address, ms } = this.verified;
    if (good) return `${name} is ${address}, as every program sees it (${ms} ms)\nundo: hoop setup --undo\n`;
    return filled(`${name} resolves to ${address ?? 'nothing'}, not to hoop: see hoop status\n`, 2);
  }

  document(): object {
    return {
      steps: this.plans.map((plan) => ({
        step: plan.step,
        state: this.#stateOf(plan.step),
        ...(plan.can
          ? { does: plan.does, degraded: plan.degraded, actions: plan.actions.filter(isDone).map(actionText) }
          : { why: plan.why, hint: plan.hint }),
      })),
      failed: this.#events.flatMap((event) =>
        event.event === 'failed' ? [{ step: event.step, code: event.code, message: event.message }] : [],
      ),
      verified: this.verified ?? null,
    };
  }
}

const isDone = ({ do: what }: { do: string }) => what !== 'later';
const INDENT = 12;

function stepText(plan: StepPlan): string {
  const line = (words: string) => `${filled(words, INDENT)}\n`;
  const head = `  ${plan.step.padEnd(INDENT - 2)}`;
  if (!plan.can) return line(`${head}not here: ${plan.why}; ${plan.hint}`);
  if (plan.actions.length === 0) return line(`${head}in place: ${plan.does}`);
  const less = plan.degraded === undefined ? '' : line(`${' '.repeat(INDENT)}but ${plan.degraded}`);
  const actions = plan.actions.filter(isDone).map((action) => commandText(actionText(action), INDENT + 2));
  return `${line(head + plan.does)}${less}${actions.join('')}`;
}

/** As a shell takes it, where it is longer than a line. */
const commandText = (command: string, indent: number): string =>
  `${filled(' '.repeat(indent) + command, indent + 2, 78).replaceAll('\n', ' \\\n')}\n`;

/** What root does and did, one line each. */
export function eventText(event: Event): string {
  if (event.event === 'does') return commandText(event.what, 2);
  if (event.event === 'done') return `${event.step}: done\n`;
  if (event.event === 'undone') return '';
  const what = `${event.step === undefined ? '' : `${event.step}: `}${event.message}`;
  return `${filled(what, 2)}\n${event.hint === undefined ? '' : `  ${event.hint}\n`}`;
}
