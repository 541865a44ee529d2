import { EXIT } from '@hoop/core';
import { type Command, flag, JSON_OPTION, type Needs } from '../command.js';
import type { Facts } from '../doctor/facts.js';
import type { Finding } from '../doctor/finding.js';
import { ofProfile, profileOf } from '../profile.js';
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
    // As everywhere, so that a misspelt HOOP_PROFILE is not taken for another login.
    const asked = profileOf(needs, input);
    if (asked !== undefined && typeof facts.daemon !== 'string') ofProfile(facts.daemon, asked);
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
/** A longer one has a line of its own. */
const WIDEST_CHECK = 26;
/** What a person copies, which is never broken; all else that mends is words. */
const COMMAND = /^(?:[A-Z_]+=|(?:hoop|sudo|pkill|resolvectl|gnome-keyring-daemon) )/;

/** `fail  gateway  what is wrong`, and below it what mends it. */
export function linesOf(findings: readonly Finding[], color = false): string {
  const widths = findings.map(({ check }) => check.length).filter((one) => one <= WIDEST_CHECK);
  const width = Math.max(0, ...widths);
  const margin = 'fail  '.length + width + 2;
  return findings
    .map(({ state, check, says, mend }) => {
      const head = `${state.padEnd(4)}  ${check.padEnd(width)}`;
      const isLong = check.length > width;
      const line = isLong ? `${head}\n${filled(' '.repeat(margin) + says)}` : filled(`${head}  ${says}`, margin);
      const painted = color ? `\u001b[${COLORS[state]}m${line.slice(0, 4)}\u001b[39m${line.slice(4)}` : line;
      return `${painted}\n${mend === undefined ? '' : mendText(mend, margin)}`;
    })
    .join('');
}

function mendText(mend: string, margin: number): string {
  const line = `${' '.repeat(margin)}→ ${mend}`;
  return `${COMMAND.test(mend) ? line : filled(line, margin + 2)}\n`;
}

async function reportOf(needs: Needs, facts: Facts, findings: readonly Finding[], system: string): Promise<string> {
  const { reportText } = await import('../doctor/report.js');
  const versions = `hoop ${needs.version}, Node ${process.versions.node}, ${system}`;
  return reportText({ versions, lines: linesOf(findings), facts, logFile: needs.paths.logFile });
}
