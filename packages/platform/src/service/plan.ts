import { join } from 'node:path';
import type { Machine } from '../setup/machine.js';
import { type Action, MARK, type StepPlan } from '../setup/plan.js';
import type { Request } from '../setup/request.js';
import { asPerson } from '../setup/system.js';
import { isInPlace, quoted, unit, unitActions } from '../setup/unit.js';
import { hoopdCommand } from './command.js';
import { launchAgent } from './launchd.js';

export const SERVICE_UNIT = 'hoop.service';
export const SERVICE_FILE = `/etc/systemd/system/${SERVICE_UNIT}`;
/** polkit(8): rules of the machine's administrator. */
const POLKIT_FILE = '/etc/polkit-1/rules.d/50-hoop.rules';

/** hoopd is kept running for one person, from their login on, and by nobody else. */
export function planService(machine: Machine, request: Request): StepPlan {
  if (machine.platform === 'darwin') return launchAgent(machine, request);
  const step = 'service';
  if (!machine.systemd)
    return {
      step,
      can: false,
      why: 'systemd does not run here',
      hint: 'hoop’s commands start hoopd when they need it',
    };
  const { name } = machine.person;
  const text = serviceUnit(machine, request);
  const rule: Action = { do: 'write', path: POLKIT_FILE, text: polkitRule(name) };
  const inPlace = isInPlace(machine, SERVICE_UNIT, SERVICE_FILE, text);
  return {
    step,
    can: true,
    does: `systemd runs hoopd as ${name}, from login on, again if it fails; it may bind ports below 1024, no more`,
    actions: inPlace ? [] : [...(machine.polkit ? [rule] : []), ...unitActions(SERVICE_UNIT, SERVICE_FILE, text)],
  };
}

/**
 * A system unit, since only such a one can be given a capability; it lives as long as the person's own service manager,
 * whose bus has the keyring, and hoopd waits until that is unlocked. Directives: systemd.exec(5), systemd.service(5).
 */
export function serviceUnit({ person }: Machine, { uid, program, variables }: Request): string {
  const manager = `user@${uid}.service`;
  const runtime = `/run/user/${uid}`;
  const state = join(variables.XDG_STATE_HOME ?? join(person.home, '.local/state'), 'hoop');
  const makeState = asPerson(person, 'mkdir', '-p', '-m', '700', state);
  const environment = {
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
    ...variables,
  };
  return unit({
    Unit: [
      `Description=hoop for ${person.name}`,
      `After=${manager}`,
      `BindsTo=${manager}`,
      `RequiresMountsFor=${quoted(person.home)}`,
      'StartLimitIntervalSec=0',
    ],
    Service: [
      'Type=exec',
      `User=${uid}`,
      ...Object.entries(environment).map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}`),
      // Before the sandbox is made, which has no way to make it: at the first start, and at one after it was removed.
      `ExecStartPre=+${makeState.map(quoted).join(' ')}`,
      `ExecStart=${hoopdCommand(program.node, program.main).map(quoted).join(' ')}`,
      'Restart=on-failure',
      'RestartSec=1',
      'AmbientCapabilities=CAP_NET_BIND_SERVICE',
      'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
      ...HARDENED,
      `ReadWritePaths=-${quoted(runtime)} -${quoted(state)}`,
    ],
    // Not at boot: without the person there is no keyring, and nobody to reach anything.
    Install: [`WantedBy=${manager}`],
  });
}

/** What hoopd needs of the system is files of two folders, sockets, and programs of its own user to look at. */
const HARDENED = [
  ...['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'LockPersonality', 'RestrictNamespaces', 'RestrictRealtime'],
  ...['RestrictSUIDSGID', 'ProtectKernelTunables', 'ProtectKernelModules', 'ProtectKernelLogs', 'ProtectControlGroups'],
  ...['ProtectClock', 'ProtectHostname'],
]
  .map((name) => `${name}=yes`)
  .concat(
    'ProtectSystem=strict',
    'ProtectHome=read-only',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
    'LimitCORE=0',
    'UMask=0077',
  );

/** The person starts and stops what runs as them anyway, without a password; nothing else of the unit is theirs. */
const polkitRule = (name: string): string => `// ${MARK}
polkit.addRule(function (action, subject) {
  if (action.id == "org.freedesktop.systemd1.manage-units" && action.lookup("unit") == "${SERVICE_UNIT}" &&
      ["start", "stop", "restart"].indexOf(action.lookup("verb")) >= 0 && subject.user == ${JSON.stringify(name)}) {
    return polkit.Result.YES;
  }
});
`;
