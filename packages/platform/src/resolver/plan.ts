import type { Machine } from '../setup/machine.js';
import { type Action, type Command, MARK, type StepPlan } from '../setup/plan.js';
import type { Request } from '../setup/request.js';
import { isInPlace, unit, unitActions } from '../setup/unit.js';

export const LINK = 'hoop0';
export const RESOLVER_UNIT = 'hoop-resolver.service';
/** TEST-NET-1 (RFC 5737): never routed; resolved passes over a link that has no address. */
const LINK_ADDRESS = '192.0.2.53/32';

export const PATHS = {
  unit: `/etc/systemd/system/${RESOLVER_UNIT}`,
  /** NetworkManager.conf(5): what is in conf.d is read beside the main file. */
  unmanaged: '/etc/NetworkManager/conf.d/hoop.conf',
  networkmanager: '/etc/NetworkManager/dnsmasq.d/hoop.conf',
  /** dnsmasq(8) --conf-dir; Debian's and Fedora's service read this one. */
  dnsmasq: '/etc/dnsmasq.d/hoop.conf',
  /** resolver(5) of macOS: the file's name is the domain, and only its names are asked there. */
  macos: '/etc/resolver/hoop',
  hosts: '/etc/hosts',
} as const;

/** Whose hoopd it leads to. */
const forWhom = ({ uid }: Request): string => `# for user id ${uid}\n`;

/**
 * Routes `*.hoop`, and nothing else, to our resolver, by whatever answers programs on this machine. Whatever is done stays
 * while hoopd is down, so that a name of ours is then no name, and is asked of nobody else.
 */
export function planResolver(machine: Machine, request: Request): StepPlan {
  const { address, port } = request.resolver;
  const step = { step: 'resolver', can: true } as const;
  const snippet = (path: string, text: string, reload: Command): Action[] => [
    { do: 'later', undo: { command: reload } },
    { do: 'write', path, text: `# ${MARK}\n${forWhom(request)}${text}` },
    { do: 'run', command: reload },
  ];
  const dnsmasq = `server=/hoop/${address}#${port}\n`;
  if (machine.names === 'resolved') return resolved(machine, `${forWhom(request)}${linkUnit(`${address}:${port}`)}`);
  if (machine.names === 'networkmanager')
    return {
      ...step,
      does: 'NetworkManager’s dnsmasq asks hoop for *.hoop',
      actions: snippet(PATHS.networkmanager, dnsmasq, ['nmcli', 'general', 'reload', 'dns-full']),
    };
  if (machine.names === 'dnsmasq')
    return {
      ...step,
      does: 'dnsmasq asks hoop for *.hoop',
      actions: snippet(PATHS.dnsmasq, dnsmasq, ['systemctl', 'restart', 'dnsmasq.service']),
    };
  if (machine.names === 'macos')
    return {
      ...step,
      does: 'macOS asks hoop for *.hoop',
      actions: [
        { do: 'write', path: PATHS.macos, text: `# ${MARK}\n${forWhom(request)}nameserver ${address}\nport ${port}\n` },
      ],
    };
  return hosts(request);
}

/**
 * systemd-resolved, by a link of our own with the routing domain `~hoop` and no default route. A global `DNS=` would be
 * asked for every name, and not at all while offline. `.hoop` has no signatures and our resolver no TLS, whatever the
 * machine wants of others.
 */
function resolved(machine: Machine, text: string): StepPlan {
  const step = 'resolver';
  if (!machine.systemd || !machine.programs.includes('ip'))
    return { step, can: false, why: '`ip` (iproute2) is not installed', hint: 'install iproute2, then hoop setup' };
  const { networkManager, files } = machine;
  const isLeft = !networkManager || files[PATHS.unmanaged] === UNMANAGED;
  const actions = [...(networkManager ? unmanaged() : []), ...unitActions(RESOLVER_UNIT, PATHS.unit, text)];
  return {
    step,
    can: true,
    does: 'systemd-resolved asks hoop for *.hoop, by a link of its own, and for nothing else',
    actions: isLeft && isInPlace(machine, RESOLVER_UNIT, PATHS.unit, text) ? [] : actions,
  };
}

const UNMANAGED = `# ${MARK}\n[device-hoop]\nmatch-device=interface-name:${LINK}\nmanaged=0\n`;
/** It would tell systemd-resolved that our link has no servers. */
function unmanaged(): Action[] {
  const reload: Command = ['nmcli', 'general', 'reload', 'conf'];
  return [
    { do: 'later', undo: { command: reload } },
    { do: 'write', path: PATHS.unmanaged, text: UNMANAGED },
    { do: 'run', command: reload },
  ];
}

/** resolvectl(1). The link is there from boot on, before any network that could answer for `.hoop` in our place. */
const linkUnit = (server: string): string =>
  unit({
    Unit: [
      'Description=*.hoop is asked of hoop',
      'After=systemd-resolved.service dbus.socket',
      'Wants=systemd-resolved.service',
      'Before=network-online.target nss-lookup.target',
    ],
    Service: [
      'Type=oneshot',
      'RemainAfterExit=yes',
      `ExecStart=-ip link add ${LINK} type bridge`,
      `ExecStart=ip addr replace ${LINK_ADDRESS} dev ${LINK}`,
      `ExecStart=ip link set ${LINK} up`,
      `ExecStart=resolvectl dns ${LINK} ${server}`,
      `ExecStart=resolvectl domain ${LINK} ~hoop`,
      `ExecStart=resolvectl default-route ${LINK} no`,
      ...['dnssec', 'dnsovertls', 'llmnr', 'mdns'].map((what) => `ExecStart=resolvectl ${what} ${LINK} no`),
      `ExecStopPost=-ip link del ${LINK}`,
    ],
    Install: ['WantedBy=multi-user.target'],
  });

function hosts({ names }: Request): StepPlan {
  const step = 'resolver';
  const why = 'no resolver runs here that can be told of one domain, and no names are known for /etc/hosts';
  if (names.length === 0) return { step, can: false, why, hint: 'hoop login, then hoop setup' };
  return {
    step,
    can: true,
    does: `${names.length} names are written into ${PATHS.hosts}`,
    degraded:
      'the names are those of today: hoop setup again adds new ones. An unknown *.hoop is asked of the network’s servers. Programs that ask DNS by themselves (Go, c-ares) see none',
    actions: [
      {
        do: 'block',
        path: PATHS.hosts,
        text: names.map(({ address, hostname }) => `${address} ${hostname}\n`).join(''),
      },
    ],
  };
}

export const RESOLVER_FILES: readonly string[] = [PATHS.unit, PATHS.unmanaged];
