import { addressOf, FIRST_HOST, LAST_HOST, REDIRECTED_PORT } from '../addresses/plan.js';
import type { Machine } from '../setup/machine.js';
import type { Command, StepPlan } from '../setup/plan.js';
import type { Request } from '../setup/request.js';
import { isInPlace, quoted, unit, unitActions } from '../setup/unit.js';
import { loopbackJob } from './loopback.js';

export const PORTS_UNIT = 'hoop-ports.service';
export const PORTS_FILE = `/etc/systemd/system/${PORTS_UNIT}`;

/** Addresses of ours get the ports that this system keeps from them. */
export function planPorts(machine: Machine, request: Request): StepPlan {
  const subnet = subnetOf(request.resolver.address);
  const step = 'ports';
  if (subnet === undefined)
    return { step, can: false, why: 'hoop has no addresses of its own here', hint: 'hoop connect NAME needs none' };
  if (machine.platform === 'darwin') return loopbackJob(subnet);
  const before = redirectedPorts(machine.files[PORTS_FILE]);
  const ports = [...new Set([...before, ...request.ports])].sort((a, b) => a - b);
  if (ports.length === 0)
    return { step, can: true, does: 'no other program holds a port of your connections', actions: [] };
  if (!machine.systemd || !machine.programs.includes('nft'))
    return {
      step,
      can: false,
      why: 'nftables is not installed',
      hint: 'install nftables; meanwhile hoop connect NAME',
    };
  const text = portsUnit(subnet, ports);
  const inPlace = isInPlace(machine, PORTS_UNIT, PORTS_FILE, text);
  return {
    step,
    can: true,
    does: `port ${ports.join(', ')} of hoop’s own addresses leads to hoop, though another program holds it on every address`,
    actions: inPlace ? [] : unitActions(PORTS_UNIT, PORTS_FILE, text),
  };
}

const subnetOf = (resolver: string): number | undefined => {
  const subnet = /^127\.77\.(\d+)\.1$/.exec(resolver)?.[1];
  return subnet === undefined ? undefined : Number(subnet);
};

/** The ports that a set-up has redirected, by its unit's text: once set, they stay. */
export function redirectedPorts(text: string | undefined): number[] {
  const listed = /tcp dport \{ ([\d, ]+) \}/.exec(text ?? '')?.[1];
  return listed === undefined ? [] : listed.split(', ').map(Number);
}

/**
 * One rule in a table of our own (nft(8)): what goes to these ports of our /24 goes to one port of the same address, which
 * is hoopd's. A service that loads the machine's rules anew takes the table away, so it is loaded again with it.
 */
function portsUnit(subnet: number, ports: readonly number[]): string {
  const ours = `ip daddr ${addressOf(subnet, FIRST_HOST)}-${addressOf(subnet, LAST_HOST)}`;
  const rule = `${ours} tcp dport { ${ports.join(', ')} } dnat to :${REDIRECTED_PORT}`;
  // The first two make it anew in the same step, whether there was one or not.
  const anew = 'add table ip hoop; delete table ip hoop;';
  const table = `${anew} table ip hoop { chain output { type nat hook output priority -100; ${rule}; }; }`;
  const load: Command = ['nft', quoted(table)];
  return unit({
    Unit: [
      'Description=Ports of hoop’s addresses that other programs hold',
      'After=nftables.service firewalld.service',
      'PartOf=nftables.service',
      'ReloadPropagatedFrom=nftables.service',
    ],
    Service: [
      'Type=oneshot',
      'RemainAfterExit=yes',
      `ExecStart=${load.join(' ')}`,
      `ExecReload=${load.join(' ')}`,
      'ExecStopPost=-nft delete table ip hoop',
    ],
    Install: ['WantedBy=multi-user.target'],
  });
}
