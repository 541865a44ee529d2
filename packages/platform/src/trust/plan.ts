import type { Machine } from '../setup/machine.js';
import { type Action, type Command, MARK, type StepPlan } from '../setup/plan.js';
import { type Request, TO_MAKE } from '../setup/request.js';
import { asPerson } from '../setup/system.js';
import { AUTHORITY_NAME, authorityCertificate, fingerprintOf } from './certificate.js';

/** Where a system keeps roots that its owner adds, and what makes them count. */
const STORES: Record<NonNullable<Machine['roots']>, { file: string; update: Command; forget?: Command }> = {
  /** update-ca-certificates(8), of Debian and its children; its hooks tell Java's own store. */
  debian: {
    file: '/usr/local/share/ca-certificates/hoop-local-ca.crt',
    update: ['update-ca-certificates'],
    // Else links to what is gone stay.
    forget: ['update-ca-certificates', '--fresh'],
  },
  /** update-ca-trust(8), of Fedora and Red Hat. */
  redhat: { file: '/etc/pki/ca-trust/source/anchors/hoop-local-ca.pem', update: ['update-ca-trust', 'extract'] },
  /** update-ca-certificates(8), of SUSE. */
  suse: { file: '/etc/pki/trust/anchors/hoop-local-ca.pem', update: ['update-ca-certificates'] },
  /** update-ca-trust(8), of Arch. */
  arch: { file: '/etc/ca-certificates/trust-source/anchors/hoop-local-ca.pem', update: ['update-ca-trust'] },
  /** security(1), `add-trusted-cert -d`: the administrator's trust settings. */
  macos: { file: '/Library/Application Support/hoop-setup/hoop-local-ca.pem', update: ['true'] },
};

/** hoop's certificates are believed on this machine: by its own store, by browsers (NSS) and by Java. */
export function planCa(machine: Machine, { authority }: Request): StepPlan {
  const step = 'ca';
  if (authority === undefined)
    return {
      step,
      can: false,
      why: 'a CA is made by hoopd, when this is done',
      hint: 'as yourself: hoop setup --only ca',
    };
  if (machine.roots === undefined)
    return { step, can: false, why: 'this system’s store of roots is not known', hint: 'hoop show tells sslrootcert=' };
  const { file, update, forget = update } = STORES[machine.roots];
  const [certificate, sha1] =
    authority === TO_MAKE ? [TO_MAKE, TO_MAKE] : [authorityCertificate(authority), fingerprintOf(authority)];
  const text = `# ${MARK}\n${certificate}`;
  const store = machine.roots === 'macos' ? macos(file, text, sha1) : system(file, text, update, forget);
  const others = [
    ...machine.nss.map((folder) => nss(machine, folder, file)),
    ...machine.javas.filter((java) => !java.foreign).map((java) => keytool(machine, java, file)),
  ];
  const foreign = machine.javas.filter((java) => java.foreign).map(({ home }) => home);
  return {
    step,
    can: true,
    does: `this machine trusts a CA made on it, for names within .hoop and nothing else: in its own store${others.length === 0 ? '' : `, and in ${others.length} of browsers and Java`}`,
    ...(foreign.length > 0 && {
      degraded: `not in ${foreign.join(', ')}, which others than root may change: sudo chown -R root:root, if it is to be`,
    }),
    actions: machine.files[file] === text ? [] : [...store, ...others],
  };
}

export const CA_FILES: readonly string[] = Object.values(STORES).map(({ file }) => file);

const system = (path: string, text: string, update: Command, forget: Command): Action[] => [
  { do: 'later', undo: { command: forget } },
  { do: 'write', path, text },
  { do: 'run', command: update },
];

const KEYCHAIN = '/Library/Keychains/System.keychain';
const macos = (path: string, text: string, sha1: string): Action[] => [
  { do: 'write', path, text },
  { do: 'later', undo: { command: ['security', 'delete-certificate', '-Z', sha1, KEYCHAIN] } },
  {
    do: 'run',
    command: ['security', 'add-trusted-cert', '-d', '-r', 'trustRoot', '-p', 'ssl', '-k', KEYCHAIN, path],
    undo: { command: ['security', 'remove-trusted-cert', '-d', path] },
  },
];

/** certutil(1) of NSS. A store with a password of its own cannot be written to without it, and is passed over. */
function nss(machine: Machine, folder: string, file: string): Action {
  const certutil = (...args: string[]) =>
    asPerson(machine.person, 'certutil', ...args, '-d', `sql:${folder}`, '-n', AUTHORITY_NAME);
  return {
    do: 'run',
    optional: true,
    command: certutil('-A', '-t', 'C,,', '-i', file),
    undo: { command: certutil('-D'), when: certutil('-L') },
  };
}

/** keytool(1) of the Java that has the store; `changeit` is the password that every Java's store comes with. */
function keytool(machine: Machine, { home, own }: Machine['javas'][number], file: string): Action {
  const words = (...args: string[]) => [
    `${home}/bin/keytool`,
    ...args,
    '-cacerts',
    '-storepass',
    'changeit',
    '-alias',
    'hoop-local-ca',
  ];
  const run = (...args: string[]): Command =>
    own ? asPerson(machine.person, ...words(...args)) : ['setpriv', '--no-new-privs', '--', ...words(...args)];
  return {
    do: 'run',
    optional: true,
    command: run('-importcert', '-noprompt', '-file', file),
    undo: { command: run('-delete'), when: run('-list') },
  };
}
