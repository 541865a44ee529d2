import type { State } from '@hoop/contracts/local';
import { shownName } from '../profile.js';
import { plain } from '../table.js';
import { type Facts, type Listening, type Names, STUBS } from './facts.js';
import { type Finding, fail, ok, warn } from './finding.js';
import { UNLOCK } from './login.js';

/** Each listener by what the kernel says of it, not by what hoopd does. */
export const listenerFindings = ({ listeners, uid }: Facts, state: State): Finding[] =>
  listeners.map((one) => listenerFinding(one, { uid, pid: state.daemon.pid }));

function listenerFinding({ connection, holder }: Listening, hoopd: { uid: number; pid: number }): Finding {
  const { address, port, reach, state } = connection;
  const check = `listener ${plain(shownName(connection))}`;
  const who = holder === undefined ? undefined : holderText(holder);
  if (state === 'blocked')
    return fail(
      check,
      `${address}:${port} is held by ${plain(who ?? connection.holder ?? 'something')}; hoopd listens on ${reach.address}:${reach.port}`,
      'hoop setup',
    );
  const where = `${reach.address}:${reach.port}`;
  // Where the system does not say who listens, hoopd's word stands; hoopd hides its sockets from its own user, too.
  const isOurs =
    holder === undefined || (holder.pid === undefined ? holder.uid === hoopd.uid : holder.pid === hoopd.pid);
  if (isOurs) return ok(check, where);
  return fail(check, `${where} is held by ${who}, not by hoopd`, 'hoop daemon restart');
}

const holderText = ({ pid, program, uid }: NonNullable<Listening['holder']>) =>
  pid === undefined ? `a process of user id ${uid}` : `${plain(program ?? 'a process')} (pid ${pid})`;

/** Whether programs find `*.hoop`, and if not, where the question goes instead. */
export function nameFindings({ names }: Facts): Finding[] {
  if (names === undefined) return [];
  return [routeFinding(names), ...names.each.flatMap((one) => wrongName(one, names))];
}

function routeFinding(names: Names): Finding {
  const { ours, canary, setUp, each, routed, route, troubles } = names;
  const check = 'names';
  const missing = troubles.find(({ code }) => code === 'resolver');
  if (missing !== undefined) return fail(check, plain(missing.message), plain(missing.hint ?? 'hoop daemon restart'));
  if (ours === null) return fail(check, "hoopd's resolver does not run", 'hoop daemon restart');
  // An answer that came by another way may be hoopd's all the same: who holds that place can ask it, too.
  if (route !== undefined && (route.address !== ours.address || route.port !== ours.port))
    return fail(
      check,
      `*.hoop is asked on ${route.address}:${route.port}, but hoopd's resolver is on ${ours.address}:${ours.port}`,
      'hoop setup',
    );
  const [open] = troubles;
  if (canary.own !== undefined && canary.seen === canary.own)
    return open === undefined
      ? ok(check, '*.hoop is asked of hoopd, as programs see it')
      : warn(check, plain(open.message), plain(open.hint ?? 'hoop setup'));
  if (canary.own === undefined)
    return fail(check, `hoopd's resolver does not answer on ${ours.address}:${ours.port}`, 'hoop daemon restart');
  if (canary.seen !== undefined)
    return fail(
      check,
      `somebody else answers for *.hoop (${canary.seen}): a VPN, or a resolver that knows every name`,
      'hoop setup',
    );
  // Without a resolver that could be told of ours, a set-up writes the names that a login brings.
  const setUpNow = routed === undefined && each.length === 0 ? 'hoop login, then hoop setup' : 'hoop setup';
  if (!setUp && each.length > 0 && each.every(({ seen, address }) => seen === address))
    return ok(check, 'they resolve here, as in all that hoop run starts');
  if (!setUp) return warn(check, '*.hoop is not asked of hoopd: this machine is not set up', setUpNow);
  if (each.length > 0 && each.every(({ hosts, address }) => hosts.some((line) => line.address === address)))
    return warn(check, 'the names of the set-up are in /etc/hosts; newer ones are not', 'hoop setup');
  return captured(names) ?? fail(check, 'this machine is set up, but *.hoop does not reach hoopd', 'hoop setup');
}

/** Who took the question away, as VPNs and resolvers of their own do (resolv.conf(5), resolvectl(1)). */
function captured({ resolvConf, local, routed }: Names): Finding | undefined {
  const check = 'names';
  const taker = routed?.find(({ link, domains }) => link !== LINK && domains.includes('~hoop'));
  if (taker !== undefined)
    return fail(
      check,
      `the link ${plain(taker.link)} takes *.hoop for itself`,
      `sudo resolvectl domain ${plain(taker.link)} ''`,
    );
  const past = resolvConf?.servers.filter((server) => !STUBS.includes(server)) ?? [];
  if (routed !== undefined && past.length > 0) {
    const signed = resolvConf?.signed === undefined ? '' : ` (“${plain(resolvConf.signed)}”)`;
    const who =
      local === undefined
        ? `${past.join(', ')}: a VPN, it seems`
        : `${plain(local)}: DNS of its own, over HTTPS perhaps`;
    return fail(
      check,
      `/etc/resolv.conf${signed} goes past systemd-resolved, to ${who}`,
      'sudo ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf',
    );
  }
  if (routed !== undefined && !routed.some(({ link }) => link === LINK))
    return fail(check, `the link ${LINK}, which leads to hoopd, is gone`, 'sudo systemctl restart hoop-resolver');
  return undefined;
}
const LINK = 'hoop0';

function wrongName({ hostname, address, seen, hosts }: Names['each'][number], { canary }: Names): Finding[] {
  if (seen === address) return [];
  const check = `name ${hostname}`;
  const line = hosts.find((one) => one.address !== address);
  if (line !== undefined)
    return [
      fail(
        check,
        `line ${line.line} of /etc/hosts says ${plain(line.address)}, not ${address}`,
        `sudo sed -i ${line.line}d /etc/hosts`,
      ),
    ];
  // Where no name of ours arrives, one line has said so.
  if (canary.seen !== canary.own && seen === undefined) return [];
  return [fail(check, `resolves to ${seen ?? 'nothing'}, not to ${address}`, 'resolvectl flush-caches')];
}

export const browserFindings = ({ secretive }: Facts): Finding[] =>
  secretive.map((name) =>
    warn(
      `browser ${name}`,
      'it asks names over HTTPS of somebody else, so *.hoop is none in it',
      name === 'Firefox'
        ? 'in about:config, add hoop to network.trr.excluded-domains'
        : 'in its settings, turn “Use secure DNS” off',
    ),
  );

/** A login refuses such a file; all else goes on without it. */
export const configFindings = ({ config }: Facts): Finding[] =>
  config === undefined ? [] : [fail('config', plain(config.message), plain(config.hint ?? 'mend it'), 'usage')];

export const ipv6Findings = ({ ipv6 }: Facts): Finding[] =>
  ipv6 === undefined ? [] : [ok('ipv6', ipv6 ? 'on' : 'off; hoop does without')];

/** The commands that mend a keychain where Debian's kind of desktop is; else words. */
const KEYCHAIN: Record<string, string> = {
  'keychain-locked': UNLOCK,
  'keychain-missing': 'sudo apt install libsecret-1-0',
  'keychain-no-bus': 'hoop login --login-store=memory',
  'keychain-absent': 'sudo apt install gnome-keyring',
  'keychain-no-collection': 'hoop login --login-store=memory',
  'keychain-hangs': 'gnome-keyring-daemon --replace --components=secrets',
};

export function keychainFinding({ keychain }: Facts, state: State | undefined): Finding {
  if (state?.login?.store === 'memory') return ok('keychain', "not used: this login is in hoopd's memory");
  if (keychain === undefined) return ok('keychain', 'open');
  return fail('keychain', plain(keychain.message), KEYCHAIN[keychain.code] ?? 'hoop login --login-store=memory');
}
