import type { Packed } from './packed.ts';

const RULE = '-'.repeat(80);

/**
 * The licences of all that a package holds: ours, then each part's, as its own terms ask. Also Debian's `copyright` file
 * (https://www.debian.org/doc/debian-policy/ch-docs.html#copyright-information).
 */
export function licences(own: string, packed: readonly Packed[]): string {
  const parts = packed.map(({ name, version, license, text }) => {
    const words = text ?? `Its package holds no text; by its own word it is licensed as ${license}.`;
    return `${RULE}\n${name} ${version} (${license})\n\n${words}\n`;
  });
  return `hoop is licensed as follows.\n\n${own.trim()}\n\nIt holds other people's work, each part under its own licence:\n\n${packed
    .map(({ name, version, license }) => `  ${name} ${version} (${license})\n`)
    .join('')}\n${parts.join('\n')}`;
}
