import { parseArgs } from 'node:util';
import { UserError } from '@hoop/core';
import { complain } from '../play/complain.js';
import { withWorld } from '../play/run.js';
import { messageOf } from '../story/index.js';
import type { WorldOptions } from '../world/index.js';
import type { Row } from './row.js';
import { ROWS } from './rows/index.js';
import { makeStand, type Stand } from './stand.js';
import { machine, table } from './table.js';

export interface Asked {
  json: boolean;
  quick: boolean;
  only: readonly string[];
}

export const HELP = `scripts/bench           what hoop costs, beside what it is compared with; a table on stdout
  --quick               less exact, under 3 minutes
  --only NAME           one of: ${Object.keys(ROWS).join(', ')}; may be repeated
  --json                {machine, rows: [{name, value, unit, target, met, peer, ...}]}
`;

export function readArguments(args: readonly string[]): Asked | { help: true } | { wrong: string } {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    if (values.help) return { help: true };
    const only = values.only ?? [];
    const unknown = only.find((name) => !Object.hasOwn(ROWS, name));
    if (unknown !== undefined) return { wrong: `unknown row: ${unknown}` };
    return { json: values.json ?? false, quick: values.quick ?? false, only };
  } catch (error) {
    return { wrong: messageOf(error) };
  }
}
const OPTIONS = {
  json: { type: 'boolean' },
  quick: { type: 'boolean' },
  only: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

/** 0 also where a figure falls short: that is an answer, not a failure. 1 if a row could not be measured. */
export function bench(options: WorldOptions, { json, quick, only }: Asked): Promise<number> {
  const from = performance.now();
  const tell = (text: string) =>
    void process.stderr.write(`bench: ${((performance.now() - from) / 1_000).toFixed(0).padStart(4)} s  ${text}\n`);
  const run = withWorld({ ...options, keep: false, system: false }, async (stage) => {
    const stand = await makeStand(stage, quick, tell);
    const { rows, failed } = await measure(stand, only);
    const host = machine(await stage.world.company.cluster.version(), quick ? 'quick' : 'full');
    process.stdout.write(json ? `${JSON.stringify({ machine: host, rows })}\n` : table(host, rows));
    tell(failed === 0 ? 'done' : `${failed} could not be measured`);
    return failed === 0 ? 0 : 1;
  });
  return run.catch((error: unknown) => {
    if (error instanceof UserError) return complain(error, 'bench');
    throw error;
  });
}

async function measure(stand: Stand, only: readonly string[]): Promise<{ rows: Row[]; failed: number }> {
  for (const [name, why] of Object.entries(stand.missing)) stand.tell(`skip ${name}: ${why}`);
  const rows: Row[] = [];
  let failed = 0;
  for (const [name, run] of Object.entries(ROWS)) {
    if (only.length > 0 && !only.includes(name)) continue;
    try {
      rows.push(...(await run(stand)));
    } catch (error) {
      failed += 1;
      stand.tell(`${name} failed: ${messageOf(error)}`);
    }
  }
  return { rows, failed };
}
