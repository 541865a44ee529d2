import { dirname } from 'node:path';
import type { Machine, Person, Sight } from './machine.js';

type Trust = Pick<Machine, 'roots' | 'nss' | 'javas'>;

/** Who on this machine keeps roots that it trusts. */
export function trustOn(see: Sight, person: Person): Trust {
  if (see.platform === 'darwin') return { roots: 'macos', nss: [], javas: javasIn(see, person) };
  const hasCertutil = see.exists('/usr/bin/certutil');
  return { roots: rootsOf(see), nss: hasCertutil ? nssIn(see, person) : [], javas: javasIn(see, person) };
}

const rootsOf = (see: Sight): Machine['roots'] =>
  (
    [
      ['debian', '/usr/local/share/ca-certificates'],
      ['redhat', '/etc/pki/ca-trust/source/anchors'],
      ['suse', '/etc/pki/trust/anchors'],
      ['arch', '/etc/ca-certificates/trust-source/anchors'],
    ] as const
  ).find(([, folder]) => see.exists(folder))?.[0];

/** Chromium's store, and one for each of Firefox's profiles (also as a snap). */
function nssIn(see: Sight, { home }: Person): string[] {
  const firefox = [`${home}/.mozilla/firefox`, `${home}/snap/firefox/common/.mozilla/firefox`];
  const profiles = firefox.flatMap((folder) => see.list(folder).map((name) => `${folder}/${name}`));
  return [`${home}/.pki/nssdb`, ...profiles].filter((folder) => isPlain(folder) && see.exists(`${folder}/cert9.db`));
}

/** A Java whose store is the system's own (Debian, Fedora) needs nothing. */
function javasIn(see: Sight, { home }: Person): Trust['javas'] {
  const places = [
    ['/usr/lib/jvm', '', false],
    ['/Library/Java/JavaVirtualMachines', '/Contents/Home', false],
    [`${home}/.sdkman/candidates/java`, '', true],
    [`${home}/.jdks`, '', true],
    [`${home}/Library/Java/JavaVirtualMachines`, '/Contents/Home', true],
  ] as const;
  return places.flatMap(([folder, below, own]) =>
    see
      .list(folder)
      .map((name) => ({ home: `${folder}/${name}${below}`, own }))
      .filter(({ home }) => isPlain(home) && ownStore(see, `${home}/lib/security/cacerts`) && see.real(home) === home)
      .map((java) => (java.own || isRoots(see, java.home) ? java : { ...java, foreign: true as const })),
  );
}

/** What others than root may change: theirs, or everybody's, or a group's (find(1)). */
const OTHERS = ['(', '!', '-uid', '0', '-o', '-perm', '-002', '-o', '(', '-perm', '-020', '!', '-gid', '0', ')', ')'];

const above = (path: string): string[] => (path === dirname(path) ? [] : [dirname(path), ...above(dirname(path))]);

/** Whether root alone can change a folder, all that is in it, and the way to it. */
export function isRoots(see: Pick<Sight, 'run'>, folder: string): boolean {
  return [[...above(folder), '-maxdepth', '0'], [folder]].every((where) => {
    const { code, stdout } = see.run(['find', '-L', ...where, ...OTHERS, '!', '-type', 'l']);
    return code === 0 && stdout === '';
  });
}

const ownStore = (see: Sight, path: string) => see.exists(path) && !see.real(path).startsWith('/etc/');
const isPlain = (path: string) => /^\/[\w .@+/-]+$/.test(path);
