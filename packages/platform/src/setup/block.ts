/** Our lines in a file that is not ours. */
const BEGIN = '# BEGIN hoop setup';
const END = '# END hoop setup';
/** The file had no newline at its end, and gets it back so. */
const UNENDED = ', after a line without an end';
const OURS = new RegExp(`(^|\n)${BEGIN}(${UNENDED})?\n[^]*?(${END}\n|$)`);

/** The text without our marked lines, byte for byte as it was; a block without an end reaches to the file's. */
export function withoutBlock(text: string): string {
  return text.replace(OURS, (_, newline: string, unended: string | undefined) => (unended ? '' : newline));
}

export function withBlock(text: string, lines: string): string {
  const bare = withoutBlock(text);
  const unended = bare !== '' && !bare.endsWith('\n');
  return `${bare}${unended ? '\n' : ''}${BEGIN}${unended ? UNENDED : ''}\n${lines}${END}\n`;
}
