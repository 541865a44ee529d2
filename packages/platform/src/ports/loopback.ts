import { addressOf, FIRST_HOST, REDIRECTED_PORT } from '../addresses/plan.js';
import { plist } from '../service/launchd.js';
import type { Action, Command, StepPlan } from '../setup/plan.js';

const LABEL = 'dev.hoop.addresses';
const FILE = `/Library/LaunchDaemons/${LABEL}.plist`;
/** Connections that get an address of their own; the others have a high port. */
const ADDRESSES = 64;
/** pf.conf(5), ANCHORS: macOS's own pf.conf evaluates all that hang under com.apple. */
const ANCHOR = 'com.apple/dev.hoop';

/**
 * macOS has 127.0.0.1 alone (ifconfig(8), `alias`), and keeps ports below 1024 of a single address to root: they are
 * redirected (pf.conf(5), TRANSLATION; `bitmask` keeps the address). A job of launchd's, root's own, does both at each boot
 * (launchd.plist(5); pfctl(8) `-E` counts who wants pf enabled). It takes no input: all of it is in its file.
 */
export function loopbackJob(subnet: number): StepPlan {
  const hosts = [1, ...Array.from({ length: ADDRESSES }, (_, at) => FIRST_HOST + at)];
  const net = `${addressOf(subnet, 0)}/24`;
  const rule = `rdr pass on lo0 inet proto tcp from any to ${net} port 1:1023 -> ${net} port ${REDIRECTED_PORT} bitmask`;
  const script = [
    ...hosts.map((host) => `/sbin/ifconfig lo0 alias ${addressOf(subnet, host)} netmask 255.255.255.255`),
    `echo '${rule}' | /sbin/pfctl -q -a ${ANCHOR} -f -`,
    '/sbin/pfctl -q -E',
  ].join('\n');
  const text = plist({ Label: LABEL, ProgramArguments: ['/bin/sh', '-c', script], RunAtLoad: true });
  const goes = (command: Command): Action => ({ do: 'later', undo: { command } });
  const service = `system/${LABEL}`;
  return {
    step: 'ports',
    can: true,
    does: `${ADDRESSES} addresses of 127.77.${subnet}.0/24 are yours, with their ports below 1024 too`,
    actions: [
      ...hosts.map((host) => goes(['ifconfig', 'lo0', '-alias', addressOf(subnet, host)])),
      goes(['pfctl', '-q', '-a', ANCHOR, '-F', 'all']),
      { do: 'write', path: FILE, text },
      {
        do: 'run',
        command: ['launchctl', 'bootstrap', 'system', FILE],
        undo: { command: ['launchctl', 'bootout', service], when: ['launchctl', 'print', service] },
      },
    ],
  };
}
