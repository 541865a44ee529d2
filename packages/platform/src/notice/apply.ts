import type { Environment } from '../environment.js';
import { runAside } from '../process/aside.js';
import { type Notice, planNotice } from './plan.js';

/** Milliseconds for each program: a bus that hangs is no desktop. */
const DEADLINE = 5_000;

/** Shows it on the person's desktop. False: there is none, or nothing on it shows notices. Never rejects. */
export async function showNotice(machine: Environment, notice: Notice): Promise<boolean> {
  const { variables, desktop, shows } = planNotice(machine, notice);
  const how = { environment: { ...machine.variables, ...variables }, deadline: DEADLINE };
  let seen = desktop === undefined;
  for (const { command, says } of desktop ?? []) {
    const { end, stdout } = await runAside(command, how);
    seen = end === 'done' && says.test(stdout);
    if (seen) break;
  }
  for (const command of seen ? shows : []) {
    const { end } = await runAside(command, how);
    if (end !== 'missing') return end === 'done';
  }
  return false;
}
