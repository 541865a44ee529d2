import { UserError } from '@hoop/core';
import type { Command } from './command.js';

/** What may follow a path of commands: `sessions` → `ls`, `show`, and their options. */
interface Place {
  path: string;
  words: string[];
  /** A connection's name may stand here. */
  names: boolean;
}

export function scriptFor(shell: string, commands: readonly Command[]): string {
  const places = placesOf({ name: '', summary: '', commands }, '');
  if (shell === 'bash') return bash(places);
  if (shell === 'zsh') return `#compdef hoop\nautoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
  if (shell === 'fish') return fish(places);
  throw new UserError('no-such-shell', `no completion for ${shell}`, { hint: 'bash, zsh or fish', exit: 'usage' });
}

function placesOf(command: Command, path: string): Place[] {
  const flags = (command.options ?? []).flatMap((option) => option.flags.match(/--[\w-]+/g) ?? []);
  const words = [...(command.commands ?? []).map((one) => one.name), ...flags];
  const names = (command.arguments ?? []).some(([name]) => name === 'NAME');
  const below = (command.commands ?? []).flatMap((one) =>
    placesOf(one, path === '' ? one.name : `${path} ${one.name}`),
  );
  return [{ path, words, names }, ...below];
}

/** Connection names, from the daemon if one runs. */
const NAMES = 'hoop ls 2>/dev/null | cut -d" " -f1';

function bash(places: readonly Place[]): string {
  const arms = places.map(({ path, words, names }) => {
    const all = names ? `${words.join(' ')} $(${NAMES})` : words.join(' ');
    return `    "${path}") words="${all.replaceAll('"', '\\"')}" ;;`;
  });
  const groups = places.filter(({ path }) => places.some((one) => one.path.startsWith(`${path} `)) && path !== '');
  return `_hoop() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words=""
  [ "$COMP_CWORD" -gt 1 ] && path="\${COMP_WORDS[1]}"
  case "$path" in
    ${groups.map(({ path }) => path).join('|') || '-'}) [ "$COMP_CWORD" -gt 2 ] && path="$path \${COMP_WORDS[2]}" ;;
  esac
  case "$path" in
${arms.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _hoop hoop
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, names }) => {
    const seen = path.split(' ').filter(Boolean);
    const here =
      seen.length === 0
        ? '__fish_use_subcommand'
        : seen.map((one) => `__fish_seen_subcommand_from ${one}`).join('; and ');
    const plain = words
      .filter((one) => !one.startsWith('--'))
      .map((one) => `complete -c hoop -f -n '${here}' -a '${one}'`);
    const flags = words
      .filter((one) => one.startsWith('--'))
      .map((one) => `complete -c hoop -n '${here}' -l '${one.slice(2)}'`);
    return [...plain, ...flags, ...(names ? [`complete -c hoop -f -n '${here}' -a '(${NAMES})'`] : [])];
  });
  return `complete -c hoop -f\n${lines.join('\n')}\n`;
}
