/** Our lines in a file that is not ours. */
const BEGIN = '# BEGIN hoop setup';
const END = '# END hoop setup';
/** The file had no newline at its end, and gets it back so. */
const UNENDED = ', after a line without an end';
/** Editors leave blanks behind a line, and end lines as they like. */
const BEGINS = new RegExp(`^${BEGIN}(${UNENDED})?\\s*$`);
const ENDS = new RegExp(`^${END}\\s*$`);
/** A line as hosts(5) has ours. */
const NAMED = /^127\.\S+\s+\S+\.hoop\s*$/;

/** The text without our marked lines, byte for byte as it was; of a block without an end, what is plainly ours. */
export function withoutBlock(text: string): string {
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => BEGINS.test(line));
  if (begin < 0) return text;
  const [before, block] = [lines.slice(0, begin), lines.slice(begin + 1)];
  const end = block.findIndex((line) => ENDS.test(line) || BEGINS.test(line));
  const isEnded = ENDS.test(block[end] ?? '');
  const foreign = block.findIndex((line) => !NAMED.test(line));
  const behind = block.slice(isEnded ? end + 1 : foreign < 0 ? block.length : foreign);
  const rest = behind.length === 0 ? [''] : behind;
  const wasUnended = rest.join('') === '' && BEGINS.exec(lines[begin]!)?.[1] !== undefined;
  return wasUnended ? before.join('\n').replace(/\r$/, '') : [...before, ...rest].join('\n');
}

export function withBlock(text: string, lines: string): string {
  const bare = withoutBlock(text);
  const unended = bare !== '' && !bare.endsWith('\n');
  return `${bare}${unended ? '\n' : ''}${BEGIN}${unended ? UNENDED : ''}\n${lines}${END}\n`;
}
