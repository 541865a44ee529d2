import { EXIT } from '@hoop/core';
import { type Command, flag, JSON_OPTION, type Needs } from '../command.js';
import type { Facts } from '../doctor/facts.js';
import type { Finding } from '../doctor/finding.js';
import { filled } from '../text.js';

export const doctor: Command = {
  name: 'doctor',
  summary: 'look for what is wrong, from hoopd to your names, and say what mends it',
  options: [
    JSON_OPTION,
    { flags: '--report', summary: 'print what helps others to help you; nothing secret is in it' },
  ],
  examples: ['hoop doctor', 'hoop doctor --report > report.txt'],
  run: async (needs, input) => {
    const [{ gather }, { diagnose }] = await Promise.all([import('../doctor/facts.js'), import('../doctor/index.js')]);
    const sight = await needs.sight();
    const facts = await gather(needs, sight);
    const findings = diagnose(facts);
    if (flag(input, 'json')) needs.out(`${JSON.stringify({ findings: findings.map(shown) })}\n`);
    else if (flag(input, 'report')) needs.out(await reportOf(needs, facts, findings, sight.systemName(facts.platform)));
    else needs.out(linesOf(findings, needs.terminal.out && !needs.variables.NO_COLOR));
    const first = findings.find(({ state }) => state === 'fail');
    return first === undefined ? EXIT.ok : EXIT[first.exit ?? 'user'];
  },
};

const shown = ({ exit: _, ...finding }: Finding) => finding;

const COLORS = { ok: 32, warn: 33, fail: 31 } as const;
const WIDEST_CHECK = 22;

/** `fail  gateway  what is wrong`, and below it what mends it. */
export function linesOf(findings: readonly Finding[], color = false): string {
  const width = Math.min(WIDEST_CHECK, Math.max(...findings.map(({ check }) => check.length)));
  const margin = 'fail  '.length + width + 2;
  return findings
    .map(({ state, check, says, mend }) => {
      const head = `${state.padEnd(4)}  ${check.padEnd(width)}  `;
      const line = filled(`${head}${says}`, margin);
      const painted = color ? `\u001b[${COLORS[state]}m${line.slice(0, 4)}\u001b[39m${line.slice(4)}` : line;
      return `${painted}\n${mend === undefined ? '' : `${' '.repeat(margin)}→ ${mend}\n`}`;
    })
    .join('');
}

async function reportOf(needs: Needs, facts: Facts, findings: readonly Finding[], system: string): Promise<string> {
  const { reportText } = await import('../doctor/report.js');
  const versions = `hoop ${needs.version}, Node ${process.versions.node}, ${system}`;
  return reportText({ versions, lines: linesOf(findings), facts, logFile: needs.paths.logFile });
}
