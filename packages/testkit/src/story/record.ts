import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONNECTION } from '../world/index.js';
import { json, must, type Stage } from './stage.js';
import type { Step } from './step.js';

interface Session {
  id: string;
  person: string;
  connection: string;
  /** Seen by hoopd while the client greeted; absent if it was gone by then. */
  program?: string;
  statements: number;
  rows: number;
  ms: number;
  endedAt?: number;
}
const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

export const RECORD: readonly Step<Stage>[] = [
  {
    group: 'Record',
    name: 'session',
    needs: ['ls', 'leaver'],
    async run({ world }) {
      const carol = world.laptop('carol');
      const all = await json<Session[]>(carol.hoop('sessions', 'ls', '--all', '--json'));
      const hers = all.filter((each) => each.person === 'alice@shop.example' && each.connection === CONNECTION);
      for (const session of hers) {
        const whole = await json<Session & { record: { text: string }[] }>(
          carol.hoop('sessions', 'show', session.id, '--json'),
        );
        if (whole.record.some(({ text }) => text.includes('count(*) from customers'))) return described(whole);
      }
      throw new Error(`none of alice's ${hers.length} sessions has her statement`);
    },
    trouble: () => ({ next: './scripts/demo, and beside it: ./scripts/demo as carol hoop sessions ls --all' }),
  },
  {
    group: 'Record',
    name: 'chain',
    needs: ['gateway'],
    async run(stage) {
      const { company } = stage.world;
      await must(company.gateway('audit', 'verify'));
      return `unbroken; one byte flipped in a copy: found at entry ${await flipped(stage)}`;
    },
    trouble: ({ world }) => ({
      next: `./scripts/hoop-gateway audit verify --config ${world.company.configFile}`,
      log: world.company.log('gateway'),
    }),
  },
];

const described = (it: Session) =>
  `${it.id} ${it.person} ${it.connection} ${it.program ?? '(program not seen)'}: ${plural(it.statements, 'statement')}, ${plural(it.rows, 'row')}, ${Math.round(it.ms)} ms`;

/** Changes one character of a statement in a copy of the record; answers the entry at which `verify` finds it. */
async function flipped({ world }: Stage): Promise<string> {
  const { company } = world;
  const copy = company.copyRecord('record-copy');
  const [name] = readdirSync(copy).filter((each) => each.endsWith('.jsonl'));
  const path = join(copy, name ?? '');
  const text = readFileSync(path, 'utf8');
  const at = text.indexOf('count(*) from customers');
  if (at < 0) throw new Error('the record does not hold the statement');
  writeFileSync(path, `${text.slice(0, at)}C${text.slice(at + 1)}`);
  const expected = JSON.parse(lineAround(text, at)) as { n: number };
  const verify = await must(company.gateway('audit', 'verify', copy), 1);
  const told = /entry (\d+)/.exec(verify.stdout + verify.stderr)?.[1];
  if (told !== String(expected.n)) throw new Error(`changed entry ${expected.n}, verify names ${told ?? 'none'}`);
  return told;
}

function lineAround(text: string, at: number): string {
  return text.slice(text.lastIndexOf('\n', at) + 1, text.indexOf('\n', at));
}
