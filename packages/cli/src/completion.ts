import { UserError } from '@hoop/core';
import type { Command, Option } from './command.js';

/** What may stand in one place: words, or the names of connections or profiles, or what the shell itself knows. */
type Offer = readonly string[] | '@names' | '@profiles' | '@files' | '@commands';

/** What may follow a path of commands: `sessions` → `ls`, `show`, and their options. */
interface Place {
  path: string;
  flags: { flag: string; summary: string; value?: Offer }[];
  /** Commands below, and what the arguments may be. */
  offers: Offer[];
}

export function scriptFor(shell: string, commands: readonly Command[]): string {
  const help: Command = { name: 'help', summary: '', arguments: [['COMMAND', '', commands.map(({ name }) => name)]] };
  const top: Command = {
    name: '',
    summary: '',
    commands: [...commands, help],
    options: [{ flags: '--version', summary: 'show the version' }],
  };
  const places = placesOf(top, '');
  if (shell === 'bash') return bash(places);
  if (shell === 'zsh') return zsh(places);
  if (shell === 'fish') return fish(places);
  throw new UserError('no-such-shell', `no completion for ${shell}`, { hint: 'bash, zsh or fish', exit: 'usage' });
}

function placesOf(command: Command, path: string): Place[] {
  const below = command.commands ?? [];
  const options: readonly Option[] = [...(command.options ?? []), { flags: '--help', summary: 'show help' }];
  const own: Place = {
    path,
    flags: options.map(flagOf),
    offers: [
      below.map(({ name }) => name),
      ...(command.arguments ?? []).map(([name, , choices]) => choices ?? offerOf(name)),
    ],
  };
  return [own, ...below.flatMap((one) => placesOf(one, path === '' ? one.name : `${path} ${one.name}`))];
}

function flagOf({ flags, summary, choices }: Option): Place['flags'][number] {
  const [, flag = '', value] = /(--[\w-]+)(?: (\w+))?$/.exec(flags) ?? [];
  return { flag, summary, ...(value === undefined ? {} : { value: choices ?? offerOf(value) }) };
}

/** By the word that help shows for a value. */
function offerOf(word: string): Offer {
  if (word === 'NAME') return '@names';
  if (word === 'PROFILE') return '@profiles';
  if (word === 'FILE') return '@files';
  return word.includes('COMMAND') ? '@commands' : [];
}

/** Connection names, from the daemon; a pipe gets no headings. */
const NAMES = "hoop ls 2>/dev/null | cut -d' ' -f1";
const PROFILES = "hoop profile ls 2>/dev/null | cut -d' ' -f1";

const printed = (offer: Offer): string => {
  if (offer === '@names') return NAMES;
  if (offer === '@profiles') return PROFILES;
  return offer.length === 0 ? ':' : `echo ${typeof offer === 'string' ? offer : offer.join(' ')}`;
};

/**
 * A function of any POSIX shell that prints what may stand where the cursor is: words, or `@files`, `@commands`. Its
 * arguments: the word so far, the word before it, then all words behind `hoop` up to there.
 */
function offersFunction(places: readonly Place[]): string {
  const groups = places.filter(({ path }) => path !== '' && places.some((one) => one.path.startsWith(`${path} `)));
  const values = places.flatMap(({ path, flags }) =>
    flags.flatMap(({ flag, value }) =>
      value === undefined ? [] : [`    "${path}:${flag}") ${printed(value)}; return ;;`],
    ),
  );
  const flags = places.map((one) => `      "${one.path}") echo ${one.flags.map(({ flag }) => flag).join(' ')} ;;`);
  const rest = places.map(({ path, offers }) => `    "${path}") ${offers.map(printed).join('; ')} ;;`);
  return `_hoop_offers() {
  local current="$1" before="$2" place="$3"
  case "$place" in
    ${groups.map(({ path }) => path).join('|')}) [ "$#" -gt 3 ] && place="$place $4" ;;
  esac
  case "$place:$before" in
${values.join('\n')}
  esac
  case "$current" in -*)
    case "$place" in
${flags.join('\n')}
    esac
    return ;;
  esac
  case "$place" in
${rest.join('\n')}
  esac
}
`;
}

/** bash takes `--as=jdbc` for three words (COMP_WORDBREAKS): the flag, `=`, and the value. */
const bash = (places: readonly Place[]) => `${offersFunction(places)}
_hoop() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" offers IFS=$' \\t\\n'
  if [ "$current" = = ]; then current=""
  elif [ "$before" = = ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  offers="$(_hoop_offers "$current" "$before" "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
  case "$offers" in
    *@files*) compopt -o filenames; IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")) ;;
    *@commands*) COMPREPLY=($(compgen -c -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$offers" -- "$current")) ;;
  esac
}
complete -F _hoop hoop
`;

/** Works from a folder of fpath as `_hoop`, and sourced after compinit. */
const zsh = (places: readonly Place[]) => `#compdef hoop
${offersFunction(places)}
_hoop() {
  local before="\${words[CURRENT-1]}" current="$PREFIX" offers
  if compset -P '--*='; then before="\${IPREFIX%=}" current="$PREFIX"; fi
  offers="$(_hoop_offers "$current" "$before" "\${(@)words[2,CURRENT-1]}")"
  case "$offers" in
    *@files*) _files ;;
    *@commands*) _command_names -e ;;
    *) compadd -- \${=offers} ;;
  esac
}
if [ "\${funcstack[1]}" = _hoop ]; then _hoop "$@"; else compdef _hoop hoop; fi
`;

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, flags, offers }) => {
    const here = `complete -c hoop -n '${fishPlace(path, places)}'`;
    const plain = offers.map((offer) => `${here} ${fishOffer(offer)}`).filter((line) => !line.endsWith(' '));
    const options = flags.map(({ flag, value }) => {
      const long = `${here} -l ${flag.slice(2)}`;
      return value === undefined ? long : `${long} -r ${fishOffer(value)}`.trimEnd();
    });
    return [...plain, ...options];
  });
  return `complete -c hoop -f\n${lines.join('\n')}\n`;
}

/** `ls` is a command of its own and one of `sessions`: a place is where no other group was entered. */
function fishPlace(path: string, places: readonly Place[]): string {
  if (path === '') return '__fish_use_subcommand';
  const [first = '', second] = path.split(' ');
  const seen = (word: string) => `__fish_seen_subcommand_from ${word}`;
  if (second !== undefined) return `${seen(first)}; and ${seen(second)}`;
  const groups = places.flatMap((one) => (one.path.includes(' ') ? [one.path.split(' ')] : []));
  const others = new Set(groups.flatMap(([group = '', below]) => (below === first ? [group] : [])));
  const belows = groups.flatMap(([group, below = '']) => (group === first ? [below] : []));
  const not = [...others, ...belows];
  return not.length === 0 ? seen(first) : `${seen(first)}; and not ${seen(not.join(' '))}`;
}

function fishOffer(offer: Offer): string {
  if (offer === '@names') return `-f -a "(${NAMES})"`;
  if (offer === '@profiles') return `-f -a "(${PROFILES})"`;
  if (offer === '@files') return '-F';
  if (offer === '@commands') return `-f -a '(__fish_complete_command)'`;
  return offer.length === 0 ? '' : `-f -a '${offer.join(' ')}'`;
}
