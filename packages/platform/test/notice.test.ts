import { describe, expect, test } from 'vitest';
import { planNotice } from '../src/index.js';

const machine = (variables: Record<string, string> = {}, platform: NodeJS.Platform = 'linux') => ({
  ...{ platform, home: '/home/alice', uid: 1000 },
  variables,
});
const notice = { title: 'a title', body: '-n; $(touch x)' };

describe('a notice on Linux', () => {
  test('goes to the bus of the session; a display says that there is a desktop', () => {
    const bus = 'unix:path=/tmp/dbus-1';
    for (const display of [{ DISPLAY: ':0' }, { WAYLAND_DISPLAY: 'wayland-0' }]) {
      const plan = planNotice(machine({ ...display, DBUS_SESSION_BUS_ADDRESS: bus }), notice);
      expect(plan.desktop).toBeUndefined();
      expect(plan.variables.DBUS_SESSION_BUS_ADDRESS).toBe(bus);
    }
  });

  test('of a unit of the system goes to the person’s bus, which is asked first whether there is a desktop', () => {
    const plan = planNotice(machine(), notice);
    expect(plan.variables).toEqual({
      XDG_RUNTIME_DIR: '/run/user/1000',
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus',
    });
    expect(plan.desktop?.map(({ command }) => command[0])).toEqual(['dbus-send', 'gdbus', 'busctl', 'systemctl']);
  });

  test.each([
    ['dbus-send', 'method return time=1 sender=org.freedesktop.DBus\n   boolean true\n', true],
    ['dbus-send', 'method return time=1 sender=org.freedesktop.DBus\n   boolean false\n', false],
    ['gdbus', '(true,)\n', true],
    ['gdbus', '(false,)\n', false],
    ['busctl', 'b true\n', true],
    ['systemctl', 'HOME=/home/alice\nDISPLAY=:0\n', true],
    ['systemctl', 'HOME=/home/alice\nWAYLAND_DISPLAY=wayland-0\n', true],
    ['systemctl', 'NO_DISPLAY=1\nDISPLAY=\n', false],
  ])('%s that says %j', (program, said, is) => {
    const asked = planNotice(machine(), notice).desktop?.find(({ command }) => command[0] === program);
    expect(asked?.says.test(said)).toBe(is);
  });

  test('is no option and no script of any program that shows it', () => {
    for (const command of planNotice(machine(), { title: '--version', body: '-n' }).shows) {
      expect(command.indexOf('--')).toBeGreaterThan(0);
      expect(command.indexOf('--')).toBeLessThan(command.indexOf('--version'));
    }
  });
});

test('on macOS is an argument of a fixed script, in a session with a screen', () => {
  const plan = planNotice(machine({}, 'darwin'), notice);
  const [osascript] = plan.shows;
  expect(osascript?.slice(-2)).toEqual([notice.title, notice.body]);
  expect(osascript?.slice(0, -2).join(' ')).not.toContain('touch');
  const [asked] = plan.desktop ?? [];
  expect(asked?.command).toEqual(['launchctl', 'managername']);
  expect([asked?.says.test('Aqua\n'), asked?.says.test('Background\n')]).toEqual([true, false]);
});
