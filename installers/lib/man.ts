/** What a program is called in its manual page, and how it says what it can. */
export interface Told {
  name: string;
  summary: string;
  version: string;
  /** Seconds since 1970. */
  epoch: number;
  /** The help of a command, `[]` for the program's own. */
  help(path: readonly string[]): string;
}

/** A manual page in section 1 from the program's own help, as man(7) has it; so it cannot say anything else. */
export function manual({ name, summary, version, epoch, help }: Told): string {
  const day = new Date(epoch * 1000).toISOString().slice(0, 10);
  const top = help([]);
  const commands = commandsIn(top).flatMap((word) => pages([word], help));
  return [
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 ${day} "${name} ${version}" "User Commands"`,
    `.SH NAME\n${roff(name)} \\- ${roff(summary)}`,
    `.SH DESCRIPTION\n${literal(top)}`,
    '.SH COMMANDS',
    ...commands.map(({ path, text }) => `.SS ${roff([name, ...path].join(' '))}\n${literal(text)}`),
    '',
  ].join('\n');
}

/** A command's help, then that of the commands below it. */
function pages(path: readonly string[], help: Told['help']): { path: readonly string[]; text: string }[] {
  const text = help(path);
  return [{ path, text }, ...commandsIn(text).flatMap((word) => pages([...path, word], help))];
}

/** The words under `Commands:`, without `help` itself. */
export function commandsIn(text: string): string[] {
  const [, list = ''] = /^Commands:\n((?: .*\n?)+)/m.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, word = '']) => word).filter((word) => word !== 'help');
}

const literal = (text: string) => `.nf\n${text.trim().split('\n').map(roff).join('\n')}\n.fi`;

/** groff_char(7): `-` is a hyphen and `\` begins an escape; a line that begins with `.` or `'` is a request. */
const roff = (line: string): string =>
  line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1')
    .replaceAll('’', '\\[cq]')
    .replaceAll('…', '...')
    .replaceAll('→', '\\[->]');
