import { join } from 'node:path';
import type { Machine } from '../setup/machine.js';
import { MARK, type StepPlan } from '../setup/plan.js';
import type { Request } from '../setup/request.js';
import { hoopdCommand } from './command.js';

export const AGENT_LABEL = 'dev.hoop.hoopd';
/** launchd.plist(5), FILES: agents that the administrator provides; each user's session runs them. */
export const AGENT_FILE = `/Library/LaunchAgents/${AGENT_LABEL}.plist`;

/**
 * An agent, since a daemon of launchd's has no login keychain; LimitLoadToSessionType keeps it to a session with one
 * (launchd.plist(5)). It is the machine's file, so that nobody but root can say what runs; for anybody but the person it
 * ends at once. `launchctl bootstrap`, `bootout`, `kickstart` and the domain `gui/UID`: launchctl(1).
 */
export function launchAgent({ person }: Machine, { uid, program, variables }: Request): StepPlan {
  const domain = `gui/${uid}`;
  const text = plist({
    Label: AGENT_LABEL,
    ProgramArguments: [
      '/bin/sh',
      '-c',
      `[ "$(id -u)" = ${uid} ] || exit 0; exec "$0" "$@"`,
      ...hoopdCommand(program.node, program.main),
    ],
    EnvironmentVariables: variables,
    LimitLoadToSessionType: 'Aqua',
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 5,
    ProcessType: 'Interactive',
    StandardErrorPath: join(person.home, 'Library/Logs/hoopd.log'),
    HardResourceLimits: { Core: 0 },
    SoftResourceLimits: { Core: 0, NumberOfFiles: 4096 },
    Umask: 0o077,
  });
  return {
    step: 'service',
    can: true,
    does: `launchd runs hoopd as ${person.name}, from login on, again if it fails`,
    actions: [
      { do: 'write', path: AGENT_FILE, text },
      {
        do: 'run',
        command: ['launchctl', 'bootstrap', domain, AGENT_FILE],
        undo: {
          command: ['launchctl', 'bootout', `${domain}/${AGENT_LABEL}`],
          when: ['launchctl', 'print', `${domain}/${AGENT_LABEL}`],
        },
      },
      { do: 'run', command: ['launchctl', 'kickstart', '-k', `${domain}/${AGENT_LABEL}`] },
    ],
  };
}

type Value = string | number | boolean | readonly string[] | { readonly [key: string]: string | number | boolean };

/** A property list in XML (plist(5)). */
export function plist(values: Readonly<Record<string, Value>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- ${MARK} -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${xml(values)}
</plist>
`;
}

function xml(value: Value | Readonly<Record<string, Value>>): string {
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>';
  if (typeof value === 'number') return `<integer>${value}</integer>`;
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`;
  if (Array.isArray(value)) return `<array>${value.map((one) => xml(one as string)).join('')}</array>`;
  const pairs = Object.entries(value).map(([key, one]) => `<key>${escaped(key)}</key>${xml(one as Value)}`);
  return `<dict>${pairs.join('\n')}</dict>`;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
