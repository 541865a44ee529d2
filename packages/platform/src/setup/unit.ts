import { MARK } from './plan.js';

/** A unit file's text (systemd.syntax(7)). */
export function unit(sections: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(sections).map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`);
  return `# ${MARK}\n${parts.join('\n')}`;
}

/** One word of a command line or of Environment=: quotes, and no specifiers (systemd.unit(5)). */
export const quoted = (word: string): string => `"${word.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`;
