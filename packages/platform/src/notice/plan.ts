import type { Environment } from '../environment.js';

/** What a person is shown on their desktop: text of ours alone, since a desktop may read markup in it. */
export interface Notice {
  title: string;
  body: string;
}

type Command = readonly [string, ...string[]];

/** How a notice is shown, and how it is known that somebody is there to see it. */
export interface NoticePlan {
  /** Set on top of this program's own environment. */
  variables: Readonly<Record<string, string>>;
  /** There is a desktop if one of these says so; undefined: there is one. */
  desktop: readonly { command: Command; says: RegExp }[] | undefined;
  /** The same, in the words of different programs: the first that is installed. */
  shows: readonly Command[];
}

export function planNotice(machine: Environment, notice: Notice): NoticePlan {
  return machine.platform === 'darwin' ? onMac(notice) : onLinux(machine, notice);
}

/**
 * The person's bus is where the login manager puts it (pam_systemd(8): /run/user/UID/bus), also for a daemon that is a unit
 * of the system's. Such a one has no DISPLAY, and a bus is there for a mere ssh too: whether there is a desktop, the bus
 * and the session's own environment tell. Never by asking for the notification itself, which would start a server of it.
 */
function onLinux({ uid, variables }: Environment, notice: Notice): NoticePlan {
  const { DISPLAY, WAYLAND_DISPLAY, DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = variables;
  const runtime = XDG_RUNTIME_DIR || `/run/user/${uid}`;
  return {
    variables: {
      XDG_RUNTIME_DIR: runtime,
      DBUS_SESSION_BUS_ADDRESS: DBUS_SESSION_BUS_ADDRESS || `unix:path=${runtime}/bus`,
    },
    desktop: DISPLAY || WAYLAND_DISPLAY ? undefined : [...SERVED, DISPLAYS],
    shows: showsOf(notice),
  };
}

/** Desktop Notifications Specification 1.2: who shows notices owns this name. */
const NAME = 'org.freedesktop.Notifications';
const PATH = '/org/freedesktop/Notifications';
const BUS = 'org.freedesktop.DBus';
const BUS_PATH = '/org/freedesktop/DBus';
const TRUE = /boolean true|\(true,\)|^b true/m;

/** dbus-send(1), gdbus(1), busctl(1): one of them is there where a bus is. */
const SERVED: NonNullable<NoticePlan['desktop']> = (
  [
    ['dbus-send', '--session', '--print-reply', `--dest=${BUS}`, BUS_PATH, `${BUS}.NameHasOwner`, `string:${NAME}`],
    ['gdbus', 'call', '--session', '-d', BUS, '-o', BUS_PATH, '-m', `${BUS}.NameHasOwner`, NAME],
    ['busctl', '--user', 'call', BUS, BUS_PATH, BUS, 'NameHasOwner', 's', NAME],
  ] as const
).map((command) => ({ command, says: TRUE }));

/** A desktop that starts its notification server on first use has told systemd of its display (systemctl(1)). */
const DISPLAYS = { command: ['systemctl', '--user', 'show-environment'], says: /^(WAYLAND_)?DISPLAY=./m } as const;

const APP = 'hoop';
const ICON = 'dialog-information';

/** notify-send(1); the other two call Notify(app, replaces, icon, summary, body, actions, hints, timeout) themselves. */
const showsOf = ({ title, body }: Notice): readonly Command[] => [
  ['notify-send', `--app-name=${APP}`, `--icon=${ICON}`, '--', title, body],
  [
    ...(['gdbus', 'call', '--session', '-d', NAME, '-o', PATH, '-m', `${NAME}.Notify`, '--'] as const),
    ...[APP, '0', ICON, title, body, '[]', '{}', '-1'],
  ],
  [
    ...(['busctl', '--user', 'call', '--', NAME, PATH, NAME, 'Notify', 'susssasa{sv}i'] as const),
    ...[APP, '0', ICON, title, body, '0', '0', '-1'],
  ],
];

/** launchctl(1), `managername`: Aqua is a session with a screen. osascript(1): words behind the script are its arguments. */
const onMac = ({ title, body }: Notice): NoticePlan => ({
  variables: {},
  desktop: [{ command: ['launchctl', 'managername'], says: /^Aqua$/m }],
  shows: [
    [
      'osascript',
      ...['-e', 'on run argv', '-e', 'display notification (item 2 of argv) with title (item 1 of argv)'],
      ...['-e', 'end run', title, body],
    ],
  ],
});
