/** A name and the loopback address it has for the command. */
export interface HostName {
  address: string;
  hostname: string;
}

/** Names that begin so are answered with an address that only hoopd can tell; no connection can have one. */
export const CANARY = '_canary-';

const MARK = '# hoop';

/** The machine's hosts file with our names behind it. The machine's own lines win, as everywhere. */
export function hostsFile(machines: string, names: readonly HostName[]): string {
  const own = machines === '' || machines.endsWith('\n') ? machines : `${machines}\n`;
  const lines = names.filter(isPlain).map(({ address, hostname }) => `${address} ${hostname} ${MARK}`);
  return [own, ...lines.map((line) => `${line}\n`)].join('');
}

/** Nothing but a name and an address may come into a file of lines. */
function isPlain({ address, hostname }: HostName): boolean {
  return /^[0-9.]+$/.test(address) && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(hostname);
}

/**
 * nsswitch.conf(5) with `files` asked first for hosts: where systemd-resolved stands before it, its NXDOMAIN would be the
 * end of the search. Undefined if there is nothing to change.
 */
export function nsswitchFile(machines: string): string | undefined {
  const changed = machines.replace(/^(\s*hosts:)(.*)$/m, (line, key: string, sources: string) => {
    const [before, comment = ''] = sources.split(/(?=#)/, 2);
    const words = (before ?? '').trim().split(/\s+/);
    if (words[0] === 'files' && !words[1]?.startsWith('[')) return line;
    return `${key} files ${withoutFiles(words).join(' ')} ${comment}`.trimEnd();
  });
  return changed === machines ? undefined : changed;
}

/** A source goes with the actions in brackets behind it. */
function withoutFiles(words: readonly string[]): string[] {
  let skipping = false;
  return words.filter((word) => {
    skipping = word === 'files' || (skipping && word.startsWith('['));
    return !skipping;
  });
}

export interface Bind {
  /** Our file or folder. */
  from: string;
  over: string;
}

/**
 * The command line that runs a command where our files lie over the machine's, for it and its children alone. A user
 * namespace gives the right to mount; a second one in it gives the caller's own user and group ids back and keeps no
 * capability. Root needs neither.
 */
export function namespaceCommand(
  who: { uid: number; gid: number; privileged: boolean },
  binds: readonly Bind[],
  command: readonly string[],
): { program: string; args: string[] } {
  const mounts = binds.map((_, i) => `mount --bind "$${2 * i + 1}" "$${2 * i + 2}"`);
  const back = who.privileged ? '' : `unshare --user --map-user=${who.uid} --map-group=${who.gid} -- `;
  const script = [...mounts, `shift ${binds.length * 2}`, `exec ${back}"$@"`].join(' && ');
  const paths = binds.flatMap(({ from, over }) => [from, over]);
  const outer = who.privileged ? [] : ['--user', '--map-root-user'];
  return { program: 'unshare', args: [...outer, '--mount', '--', 'sh', '-c', script, 'hoop', ...paths, ...command] };
}
