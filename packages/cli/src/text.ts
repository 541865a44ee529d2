/** Broken between words where a terminal of 80 columns would break within one; what follows is set in, by default as the first. */
export function filled(line: string, indent = /^ */.exec(line)?.[0].length ?? 0, width = 80): string {
  const [first = '', ...words] = line.trimStart().split(' ');
  const margin = ' '.repeat(indent);
  const lines = [line.slice(0, line.length - line.trimStart().length) + first];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    const next = `${last} ${word}`;
    if (next.length <= width) lines[lines.length - 1] = next;
    else lines.push(margin + word);
  }
  return lines.join('\n');
}
