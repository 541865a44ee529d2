import { describe, expect, test } from 'vitest';
import { leadsTo, routeIn } from '../src/resolver/index.js';
import { withBlock } from '../src/setup/block.js';
import { machineFor, planSetup, type Request, readRequest, type StepPlan } from '../src/setup/index.js';
import type { Machine, Sight } from '../src/setup/machine.js';
import { type Action, actionText, digestOf, MARK } from '../src/setup/plan.js';
import { LAPTOP, REQUEST } from './laptop.js';

const planOf = (step: Request['steps'][number], machine: Partial<Machine>, request: Partial<Request> = {}): StepPlan =>
  planSetup({ ...LAPTOP, ...machine }, { ...REQUEST, ...request, steps: [step] })[0]!;
const actions = (plan: StepPlan): readonly Action[] => (plan.can ? plan.actions : []);
const lines = (plan: StepPlan) =>
  actions(plan)
    .filter((one) => one.do !== 'later')
    .map(actionText);
const written = (plan: StepPlan, path: string) =>
  actions(plan).flatMap((one) => (one.do !== 'run' && one.do !== 'later' && one.path === path ? [one.text] : []))[0] ??
  '';

describe('names', () => {
  test('systemd-resolved, by a link of our own: nothing else is asked of us, and nothing of ours of others', () => {
    const plan = planOf('resolver', {});
    expect(lines(plan)).toEqual([
      'write /etc/systemd/system/hoop-resolver.service',
      'systemctl daemon-reload',
      'systemctl enable --quiet hoop-resolver.service',
      'systemctl restart hoop-resolver.service',
    ]);
    const text = written(plan, '/etc/systemd/system/hoop-resolver.service');
    for (const line of ['dns hoop0 127.77.4.1:5377', 'domain hoop0 ~hoop', 'default-route hoop0 no', 'dnssec hoop0 no'])
      expect(text).toContain(`\nExecStart=resolvectl ${line}\n`);
    expect(text).not.toMatch(/resolv\.conf|DNS=/);
    // It stays while hoopd is down, so that no name of ours is asked elsewhere then.
    expect(text).not.toContain('hoop.service');
  });

  test.each<[string, Partial<Machine>, string, RegExp]>([
    [
      'NetworkManager’s dnsmasq',
      { names: 'networkmanager' },
      '/etc/NetworkManager/dnsmasq.d/hoop.conf',
      /^server=\/hoop\/127\.77\.4\.1#5377$/m,
    ],
    ['dnsmasq', { names: 'dnsmasq' }, '/etc/dnsmasq.d/hoop.conf', /^server=\/hoop\/127\.77\.4\.1#5377$/m],
    ['macOS', { platform: 'darwin', names: 'macos' }, '/etc/resolver/hoop', /^nameserver 127\.77\.4\.1\nport 5377$/m],
  ])('%s, by a file of ours', (_, machine, path, text) => {
    const plan = planOf('resolver', machine);
    expect(plan).toMatchObject({ can: true });
    expect(plan).not.toHaveProperty('degraded');
    expect(lines(plan)[0]).toBe(`write ${path}`);
    expect(written(plan, path)).toMatch(text);
  });

  test.each<[string, Partial<Machine>]>([
    ['systemd-resolved', {}],
    ['NetworkManager’s dnsmasq', { names: 'networkmanager' }],
    ['dnsmasq', { names: 'dnsmasq' }],
    ['macOS', { platform: 'darwin', names: 'macos' }],
  ])('what is led to whom is read again: %s', (_, machine) => {
    const plan = planOf('resolver', machine);
    const { resolver: place, uid } = REQUEST;
    const route = routeIn((path) => written(plan, path));
    expect(route).toEqual({ subnet: 4, place, uid });
    expect(leadsTo(route!, { uid, subnet: 4, remembered: false })).toBe(true);
    expect(leadsTo(route!, { uid, subnet: 5, remembered: true })).toBe(false);
    expect(leadsTo(route!, { uid: 1001, subnet: 4, remembered: true })).toBe(false);
    // Set-ups did not always say whose they are.
    const unsaid = routeIn((path) => written(plan, path).replace(/^# for.*\n/m, ''));
    expect(unsaid).toEqual({ subnet: 4, place, uid: undefined });
    expect(leadsTo(unsaid!, { uid: 1001, subnet: 4, remembered: true })).toBe(true);
    expect(leadsTo(unsaid!, { uid, subnet: 4, remembered: false })).toBe(false);
    // Nor is somebody else's file a set-up.
    expect(routeIn((path) => written(plan, path).replace(MARK, ''))).toBeUndefined();
  });

  test('names in /etc/hosts are led to a /24', () => {
    const plan = planOf('resolver', { names: 'other' }, { names: [{ hostname: 'a.hoop', address: '127.77.4.3' }] });
    const text = (path: string) =>
      path === '/etc/hosts' ? withBlock('127.0.0.1 localhost', written(plan, path)) : undefined;
    expect(routeIn(text)).toEqual({ subnet: 4, place: undefined, uid: undefined });
  });

  test('a NetworkManager beside systemd-resolved leaves our link alone', () => {
    const plan = planOf('resolver', { networkManager: true });
    expect(lines(plan).slice(0, 2)).toEqual([
      'write /etc/NetworkManager/conf.d/hoop.conf',
      'nmcli general reload conf',
    ]);
    expect(written(plan, '/etc/NetworkManager/conf.d/hoop.conf')).toContain(
      'match-device=interface-name:hoop0\nmanaged=0\n',
    );
  });

  test('else the hosts file, which says what it cannot', () => {
    const names = [{ address: '127.77.4.3', hostname: 'pg-prod.hoop' }];
    const plan = planOf('resolver', { names: 'other' }, { names });
    expect(plan).toMatchObject({ can: true, degraded: expect.stringContaining('names are those of today') });
    expect(lines(plan)).toEqual(['mark lines in /etc/hosts']);
    expect(written(plan, '/etc/hosts')).toBe('127.77.4.3 pg-prod.hoop\n');
    expect(planOf('resolver', { names: 'other' })).toMatchObject({ can: false, hint: 'hoop login, then hoop setup' });
  });

  test('without iproute2 there is no link', () => {
    expect(planOf('resolver', { programs: [] })).toMatchObject({
      can: false,
      why: expect.stringContaining('iproute2'),
    });
  });
});

describe('the service', () => {
  const unit = (machine: Partial<Machine> = {}, request: Partial<Request> = {}) =>
    written(planOf('service', machine, request), '/etc/systemd/system/hoop.service');

  test('is the person’s, with one capability, as long as they are there, and again if it fails', () => {
    const lines = unit().split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'User=1000',
        'AmbientCapabilities=CAP_NET_BIND_SERVICE',
        'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
        'NoNewPrivileges=yes',
        'ProtectSystem=strict',
        'ProtectHome=read-only',
        'BindsTo=user@1000.service',
        'WantedBy=user@1000.service',
        'Restart=on-failure',
        'ExecStartPre=+"setpriv" "--reuid=1000" "--regid=1000" "--init-groups" "--reset-env" "--no-new-privs" "--" "mkdir" "-p" "-m" "700" "/home/alice/.local/state/hoop"',
        'ExecStart="/opt/hoop/node" "--disable-sigusr1" "--max-semi-space-size=1" "--no-memory-reducer" "/opt/hoop/cli/main.js" "daemon" "run"',
        'ReadWritePaths=-"/run/user/1000" -"/home/alice/.local/state/hoop"',
      ]),
    );
    expect(lines.filter((line) => /^Exec/.test(line))).toHaveLength(2);
  });

  test('keeps what the shell says of proxies and folders', () => {
    const text = unit({}, { variables: { HTTPS_PROXY: 'http://proxy:3128', XDG_STATE_HOME: '/data/100% mine' } });
    expect(text).toContain('Environment="HTTPS_PROXY=http://proxy:3128"\n');
    expect(text).toContain('Environment="XDG_STATE_HOME=/data/100%% mine"\n');
    expect(text).toContain('-"/data/100%% mine/hoop"\n');
  });

  test('may be started and stopped by the person, and nothing else of it', () => {
    const rule = written(planOf('service', {}), '/etc/polkit-1/rules.d/50-hoop.rules');
    const rules: ((action: object, subject: object) => unknown)[] = [];
    const polkit = { addRule: (one: (typeof rules)[number]) => rules.push(one), Result: { YES: 'yes' } };
    new Function('polkit', rule)(polkit);
    const ask = (id: string, unitName: string, verb: string, user: string) =>
      rules[0]!({ id, lookup: (key: string) => (key === 'unit' ? unitName : verb) }, { user });
    const manage = 'org.freedesktop.systemd1.manage-units';
    expect(['start', 'stop', 'restart'].map((verb) => ask(manage, 'hoop.service', verb, 'alice'))).toEqual([
      'yes',
      'yes',
      'yes',
    ]);
    expect(ask(manage, 'hoop.service', 'set-property', 'alice')).toBeUndefined();
    expect(ask(manage, 'ssh.service', 'stop', 'alice')).toBeUndefined();
    expect(ask(manage, 'hoop.service', 'stop', 'mallory')).toBeUndefined();
    expect(ask('org.freedesktop.login1.reboot', 'hoop.service', 'stop', 'alice')).toBeUndefined();
    expect(lines(planOf('service', { polkit: false }))).not.toContain('write /etc/polkit-1/rules.d/50-hoop.rules');
  });

  test('is left alone where it is in place, so that what is open stays open', () => {
    const files = { '/etc/systemd/system/hoop.service': unit() };
    expect(lines(planOf('service', { files, active: ['hoop.service'] }))).toEqual([]);
    expect(lines(planOf('service', { files }))).toContain('systemctl restart hoop.service');
    expect(
      lines(planOf('service', { files, active: ['hoop.service'] }, { variables: { HOOP_LOG: 'debug' } })),
    ).not.toEqual([]);
  });

  test('without systemd there is none, and hoop works all the same', () => {
    expect(planOf('service', { systemd: false })).toMatchObject({
      can: false,
      hint: expect.stringContaining('start hoopd'),
    });
  });
});

describe('ports', () => {
  const UNIT = '/etc/systemd/system/hoop-ports.service';
  const here = { programs: ['ip', 'nft'] };
  const rule = (ports: string) => `ip daddr 127.77.4.3-127.77.4.254 tcp dport { ${ports} } dnat to :5378`;

  test('those that another program holds lead to hoop, on our addresses alone, by one rule in a table of ours', () => {
    const plan = planOf('ports', here, { ports: [5432, 80, 5432] });
    expect(lines(plan)).toEqual([
      `write ${UNIT}`,
      'systemctl daemon-reload',
      'systemctl enable --quiet hoop-ports.service',
      'systemctl restart hoop-ports.service',
    ]);
    expect(written(plan, UNIT)).toContain(rule('80, 5432'));
    expect(new Set(written(plan, UNIT).match(/table \w+ \w+/g))).toEqual(new Set(['table ip hoop']));
  });

  test('stay when they are held no longer, and more are added', () => {
    const first = written(planOf('ports', here, { ports: [5432] }), UNIT);
    const files = { [UNIT]: first };
    expect(lines(planOf('ports', { ...here, files, active: ['hoop-ports.service'] }))).toEqual([]);
    expect(written(planOf('ports', { ...here, files }, { ports: [80] }), UNIT)).toContain(rule('80, 5432'));
  });

  test('none held, none done; without nftables it says so', () => {
    expect(planOf('ports', here)).toMatchObject({ can: true, actions: [] });
    expect(planOf('ports', {}, { ports: [5432] })).toMatchObject({
      can: false,
      hint: expect.stringContaining('hoop connect'),
    });
    const resolver = { address: '127.0.0.1', port: 5379 };
    expect(planOf('ports', here, { ports: [5432], resolver })).toMatchObject({ can: false });
  });
});

describe('macOS', () => {
  const MAC: Partial<Machine> = {
    platform: 'darwin',
    systemd: false,
    names: 'macos',
    person: { uid: 501, gid: 20, name: 'alice', home: '/Users/alice' },
  };

  test('launchd runs hoopd in the person’s session, which has the keychain', () => {
    const plan = planOf('service', MAC, { uid: 501, variables: { NO_PROXY: 'a,b' } });
    expect(lines(plan)).toEqual([
      'write /Library/LaunchAgents/dev.hoop.hoopd.plist',
      'launchctl bootstrap gui/501 /Library/LaunchAgents/dev.hoop.hoopd.plist',
      'launchctl kickstart -k gui/501/dev.hoop.hoopd',
    ]);
    const text = written(plan, '/Library/LaunchAgents/dev.hoop.hoopd.plist');
    expect(text).toContain('<key>Label</key><string>dev.hoop.hoopd</string>');
    expect(text).toContain('<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>');
    expect(text).toContain(
      '<string>/opt/hoop/node</string><string>--disable-sigusr1</string><string>--max-semi-space-size=1</string><string>--no-memory-reducer</string><string>/opt/hoop/cli/main.js</string><string>daemon</string>',
    );
    // XML 1.0 §2.5: no `--` within a comment.
    expect(text).toMatch(/<!-- (?:(?!--).)* -->/);
  });

  test('a job of root’s, without input, gives 127.0.0.1 its neighbours and their low ports; undoing takes each away', () => {
    const plan = planOf('ports', MAC);
    expect(lines(plan)).toEqual([
      'write /Library/LaunchDaemons/dev.hoop.addresses.plist',
      'launchctl bootstrap system /Library/LaunchDaemons/dev.hoop.addresses.plist',
    ]);
    const text = written(plan, '/Library/LaunchDaemons/dev.hoop.addresses.plist');
    expect(text.match(/ifconfig lo0 alias 127\.77\.4\.\d+ netmask/g)).toHaveLength(65);
    expect(text).toContain('127.77.4.0/24 port 1:1023 -&gt; 127.77.4.0/24 port 5378 bitmask');
    expect(text).not.toContain('StandardIn');
    const undone = actions(plan).flatMap((one) => (one.do === 'later' ? [one.undo.command.join(' ')] : []));
    expect(undone).toContain('ifconfig lo0 -alias 127.77.4.3');
    expect(undone).toContain('pfctl -q -a com.apple/dev.hoop -F all');
  });
});

describe('the look at a machine', () => {
  const see = (over: Partial<Sight> & { texts?: Record<string, string>; ends?: readonly string[] }): Sight => ({
    platform: 'linux',
    exists: () => true,
    list: () => [],
    real: (path) => path,
    text: (path) => over.texts?.[path],
    run: (command) => {
      const line = command.join(' ');
      if (line.startsWith('getent'))
        return { code: 0, stdout: 'alice:x:1000:1000:,,,:/home/alice:/bin/bash\n', stderr: '' };
      return {
        code: over.ends?.includes(line) ? 0 : 1,
        stdout: line.startsWith('NetworkManager') ? '[main]\ndns=dnsmasq\n' : '',
        stderr: '',
      };
    },
    ...over,
  });
  const stub = { '/etc/resolv.conf': 'nameserver 127.0.0.53\n' };
  const own = { '/etc/resolv.conf': 'nameserver 127.0.0.1\n' };

  test.each<[Machine['names'], Parameters<typeof see>[0]]>([
    ['resolved', { texts: stub, ends: ['systemctl is-active --quiet systemd-resolved.service'] }],
    [
      'resolved',
      {
        texts: { '/etc/nsswitch.conf': 'hosts: files resolve dns\n' },
        ends: ['systemctl is-active --quiet systemd-resolved.service'],
      },
    ],
    ['other', { texts: stub }],
    [
      'other',
      {
        texts: { '/etc/resolv.conf': 'nameserver 10.0.0.1\n' },
        ends: ['systemctl is-active --quiet systemd-resolved.service'],
      },
    ],
    ['networkmanager', { texts: own, ends: ['systemctl is-active --quiet NetworkManager.service'] }],
    ['dnsmasq', { texts: own, ends: ['systemctl is-active --quiet dnsmasq.service'] }],
    ['other', { texts: own }],
    ['macos', { platform: 'darwin', run: macRun }],
  ])('names by %s', (names, over) => {
    expect(machineFor(1000, see(over))).toMatchObject({ names, person: { uid: 1000, name: 'alice' } });
  });

  test('an account that cannot be told, or whose name or home is no plain word, has no set-up', () => {
    const odd = (line: string) => see({ run: () => ({ code: 0, stdout: line, stderr: '' }) });
    for (const line of [
      '',
      'alice:x:1000:x::/home/alice:/bin/sh',
      'al"ice:x:1000:1000::/home/a:/bin/sh',
      'alice:x:1000:1000::/home/"a\n:/bin/sh',
    ])
      expect(() => machineFor(1000, odd(line))).toThrow(/no account/);
  });
});

function macRun([program, ...args]: readonly [string, ...string[]]) {
  const says: Record<string, string> = {
    'id -un': 'alice\n',
    'id -g': '20\n',
    'dscl .': 'NFSHomeDirectory: /Users/alice\n',
  };
  return { code: 0, stdout: says[`${program} ${args[0]}`] ?? '', stderr: '' };
}

describe('what root is asked', () => {
  test('is read again, field by field', () => {
    expect(readRequest(JSON.stringify(REQUEST))).toEqual(REQUEST);
  });

  test.each<[string, object]>([
    ['steps', { steps: ['resolver', 'rm'] }],
    ['uid', { uid: 0 }],
    ['uid', { uid: '1000' }],
    ['resolver', { resolver: { address: '10.0.0.1', port: 53 } }],
    ['resolver', { resolver: { address: '127.0.0.1\n', port: 53 } }],
    ['resolver', { resolver: { address: '127.0.0.1', port: 0 } }],
    ['program', { program: { node: 'node', main: '/x' } }],
    ['program', { program: { node: '/x\nUser=root', main: '/x' } }],
    ['program', { program: { node: '/x"', main: '/x' } }],
    ['variables', { variables: { LD_PRELOAD: '/x' } }],
    ['variables', { variables: { HTTPS_PROXY: 'http://user:secret@proxy' } }],
    ['variables', { variables: { NO_PROXY: 'a"\nUser=root' } }],
    ['names', { names: [{ address: '127.77.1.3', hostname: 'example.com' }] }],
    ['names', { names: [{ address: '10.0.0.1', hostname: 'a.hoop' }] }],
    ['names', { names: [{ address: '127.77.1.3', hostname: 'a.hoop b.hoop' }] }],
    ['ports', { ports: ['5432; flush'] }],
    ['more', { more: 1 }],
  ])('%s that is not one is refused: %j', (field, over) => {
    expect(() => readRequest(JSON.stringify({ ...REQUEST, ...over }))).toThrow(new RegExp(`as ${field}`));
  });

  test('a plan has one name, whoever makes it', () => {
    const plans = (machine: Partial<Machine>) => planSetup({ ...LAPTOP, ...machine }, REQUEST);
    expect(digestOf(plans({}))).toBe(digestOf(plans({})));
    expect(digestOf(plans({}))).not.toBe(digestOf(plans({ networkManager: true })));
  });
});
