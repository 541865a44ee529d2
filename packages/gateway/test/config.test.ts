import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Configured } from '../src/config/configured.js';
import { loadConfig, parseConfig } from '../src/config/load.js';
import { maskRules } from '../src/config/masks.js';
import { Policy } from '../src/config/policy.js';
import { lookUp } from '../src/config/reference.js';
import { Config, isHost } from '../src/config/schema.js';
import { controlFaults, controlledConnections } from '../src/program/controlled.js';
import { roleFaults } from '../src/program/roles.js';
import { openMaskKey } from '../src/store/mask-key.js';
import { temporary } from './rig.js';

const BASE = `
name: shop
listen: { host: 127.0.0.1, port: 8443 }
publicHost: localhost
data: ./data
idp: { issuer: https://idp.example.com, clientId: hoop }
connections:
  pg-prod: { protocol: postgres, host: db, databases: [shop], user: app, password: env:PW }
roles:
  dba: { groups: [dba], connect: ["*"] }
`;
const refusal = (change: (text: string) => string) => {
  try {
    parseConfig(change(BASE), 'gateway.yaml');
  } catch (error) {
    return error as { code: string; message: string; hint?: string };
  }
  throw new Error('was taken');
};
const add = (line: string) => (text: string) => `${text}${line}\n`;
const inside = (key: string) => (text: string) => text.replace('user: app', `user: app, ${key}`);

describe('gateway.yaml', () => {
  test('is taken with its defaults', () => {
    const config = parseConfig(BASE, 'gateway.yaml');
    expect(config.connections['pg-prod']).toMatchObject({
      port: 5432,
      listen: 5432,
      tls: { mode: 'verify-full' },
      record: 'statements',
    });
    expect(config).toMatchObject({ leaseMinutes: 60, durability: 'writes', drainSeconds: 10 });
  });

  test.each<[string, (text: string) => string, RegExp, RegExp?]>([
    [
      'a key that does not exist yet',
      add('windows: []'),
      /unknown key windows: it would have no effect/,
      /known here: name, listen/,
    ],
    ['masks of a connection', inside('masks: []'), /unknown key connections\.pg-prod\.masks/],
    [
      'a credential that is neither',
      inside('credential: dynamic'),
      /^gateway.yaml: connections\.pg-prod\.credential: must be static, or ephemeral with what it needs$/,
    ],
    [
      'an unknown key of an ephemeral credential',
      inside('credential: { ephemeral: { user: m, roles: [{ groups: [a], role: r }], lifetimeMinute: 5 } }'),
      /unknown key connections\.pg-prod\.credential\.ephemeral\.lifetimeMinute: it would have no effect/,
      /did you mean lifetimeMinutes\?/,
    ],
    [
      'a typing error in a role of an ephemeral credential',
      inside('credential: { ephemeral: { user: m, roles: [{ group: [a], role: r }] } }'),
      /connections\.pg-prod\.credential\.ephemeral\.roles\.0\.groups is missing/,
    ],
    [
      'no database role for anybody',
      inside('credential: { ephemeral: { user: m, roles: [] } }'),
      /connections\.pg-prod\.credential\.ephemeral\.roles: must not be empty/,
    ],
    [
      'a static user beside an ephemeral credential',
      inside('credential: { ephemeral: { user: m, roles: [{ groups: [a], role: r }] } }'),
      /connections\.pg-prod\.user: sessions have roles of their own here: without effect/,
    ],
    [
      'a password in the file',
      inside('credential: { ephemeral: { user: m, password: hunter2, roles: [{ groups: [a], role: r }] } }'),
      /a secret is given by reference/,
    ],
    [
      'an ephemeral credential for what has none',
      (text) =>
        text.replace(
          /pg-prod: .*/,
          'pg-prod: { protocol: tcp, host: db, port: 1, credential: { ephemeral: { user: m, roles: [{ groups: [a], role: r }] } } }',
        ),
      /connections\.pg-prod\.credential: tcp has none: without effect/,
    ],
    ['reviews', add('reviews: []'), /unknown key reviews/],
    ['a list of guardrails', add('guardrails: []'), /: guardrails: must be a map of keys/],
    [
      'a pack mistyped',
      add('guardrails: { packs: [server-file] }'),
      /packs\.0\.pack: must be destr/,
      /mean server-files\?/,
    ],
    [
      'a key of a pack mistyped',
      add('guardrails: { packs: [{ pack: server-files, group: [x] }] }'),
      /packs\.0\.group/,
      /groups\?/,
    ],
    ['a list of masks', add('masks: []'), /: masks: must be a map of keys/],
    ['a mask pack mistyped', add('masks: { packs: [pi] }'), /packs\.0\.pack: must be pii or secrets/, /mean pii\?/],
    [
      'a way mistyped',
      add('masks: { columns: [{ columns: [a.b], way: nul }] }'),
      /columns\.0\.way: must be redact/,
      /null\?/,
    ],
    ['a mask without columns', add('masks: { columns: [{ way: hash }] }'), /masks\.columns\.0\.columns is missing/],
    [
      'a mask by the name of one of ours',
      add('masks: { columns: [{ columns: [a], name: pii }] }'),
      /one of hoop’s own/,
    ],
    ['a key of a mask mistyped', add('masks: { exempts: [x] }'), /unknown key masks\.exempts/, /mean exempt\?/],
    ...[
      ['name: x', /rules\.0\.then: must be deny or hold/],
      ['then: deny', /rules\.0\.name is missing/],
      ['name: x, then: refuse', /rules\.0\.then: must be deny or hold or warn or observe/],
      ['name: not-understood, then: observe', /name is one of hoop’s own/],
      ['name: x, then: deny, classes: [reads]', /classes\.0: must be read or write/, /did you mean read\?/],
      ['name: x, then: deny, clases: [read]', /unknown key guardrails\.rules\.0\.clases/, /did you mean classes\?/],
      ['name: x, then: deny, relations: []', /relations: must not be empty/],
      ['name: x, then: deny, unbounded: false', /unbounded: must be true/],
      ['name: x, then: deny, matches: "a(b"', /matches: RE2 does not take this expression: missing closing \)/],
      ['name: x, then: deny, matches: (?=a)b', /matches: RE2 does not take this expression: .*Perl syntax/],
      ['name: x, then: deny }, { name: x, then: warn', /rules\.1\.name: another rule is called x/],
    ].map(
      ([rule, ...said]) =>
        [`a guardrail { ${rule} }`, add(`guardrails: { rules: [{ ${rule} }] }`), ...said] as [
          string,
          (text: string) => string,
          RegExp,
          RegExp?,
        ],
    ),
    [
      'a typing error',
      (text) => text.replace('publicHost', 'publichost'),
      /unknown key publichost/,
      /did you mean publicHost\?/,
    ],
    [
      'a typing error in a connection',
      inside('databses: [x]'),
      /unknown key connections\.pg-prod\.databses/,
      /did you mean databases\?/,
    ],
    [
      'a window on a role',
      (text) => text.replace('groups: [dba]', 'groups: [dba], windows: [x]'),
      /unknown key roles\.dba\.windows/,
    ],
    [
      'a password in the file',
      (text) => text.replace('env:PW', 'hunter2'),
      /connections\.pg-prod\.password: a secret is given by reference/,
    ],
    ['a name with capitals', (text) => text.replace('pg-prod', 'PG-Prod'), /connections\.PG-Prod: a name has/],
    ['a path for a name', (text) => text.replace('pg-prod', '../x'), /connections/],
    ['a protocol that is none', (text) => text.replace('postgres', 'gopher'), /protocol: must be postgres or tcp$/],
    ['a protocol mistyped', (text) => text.replace('postgres', 'postgers'), /protocol: must be/, /mean postgres\?/],
    ['a port that is none', inside('port: 70000'), /connections\.pg-prod\.port: must be at most 65535/],
    ['a port in words', inside('port: "5432"'), /connections\.pg-prod\.port: must be a number$/],
    ['half a port', inside('port: 0.5'), /connections\.pg-prod\.port: must be a whole number/],
    ['a list that is none', (text) => text.replace('[shop]', 'shop'), /pg-prod\.databases: must be a list$/],
    ['an empty name', (text) => text.replace('clientId: hoop', 'clientId: ""'), /idp\.clientId: must not be empty/],
    ['an issuer that is none', (text) => text.replace('https://', ''), /idp\.issuer: must be an address, as https:/],
    ['a key missing', (text) => text.replace('publicHost: localhost', ''), /: publicHost is missing$/],
    ['a key without a value', (text) => text.replace('{ host: 127.0.0.1, port: 8443 }', ''), /listen: must be a map/],
    ['a host with a blank', (text) => text.replace('host: db', 'host: "d b"'), /pg-prod\.host: must be a host name/],
    ['a public host with a path', (text) => text.replace('localhost', 'a.example/x'), /publicHost: must be a host/],
    ['a database connection without a user', (text) => text.replace('user: app, ', ''), /connections\.pg-prod\.user/],
    [
      'a key without effect for the protocol',
      (text) => text.replace('protocol: postgres', 'protocol: tcp, port: 1'),
      /without effect/,
    ],
    ['a key twice', add('name: other'), /not YAML/],
    ['no YAML', () => '{', /not YAML/],
    ['nothing', () => '', /gateway\.yaml is empty/, /init/],
  ])('with %s is refused, and says where', (_, change, message, hint) => {
    const error = refusal(change);
    expect(error).toMatchObject({ code: 'config', message: expect.stringMatching(message) });
    if (hint) expect(error.hint).toMatch(hint);
    expect(error.message).not.toContain('hunter2');
  });

  test('that is not there names the way to one', () => {
    expect(() => loadConfig(join(temporary(), 'gateway.yaml'))).toThrow(
      expect.objectContaining({ code: 'config', hint: expect.stringContaining('init') }),
    );
  });

  test('has paths from its own folder', () => {
    const folder = temporary();
    writeFileSync(join(folder, 'gateway.yaml'), BASE.replace('env:PW', 'file:pw'));
    const config = loadConfig(join(folder, 'gateway.yaml'));
    expect(config.data).toBe(join(folder, 'data'));
    expect(config.connections['pg-prod']?.password).toBe(`file:${join(folder, 'pw')}`);
  });
});

describe('a host', () => {
  test.each(['db', 'db_1', 'db.internal.', '10.0.0.1', '::1', 'xn--bcher-kva.example'])('may be %s', (host) => {
    expect(isHost(host)).toBe(true);
  });
  test.each(['', 'bad name', '-db', 'a..b', 'https://x', 'x:5432', 'x'.repeat(64), '.'])('may not be %j', (host) => {
    expect(isHost(host)).toBe(false);
  });
});

describe('a role', () => {
  const faultsOf = (role: object) => {
    const config = parse(BASE) as { roles: object };
    return roleFaults(Config.parse({ ...config, roles: { dba: { groups: ['dba'], ...role } } }));
  };
  test.each<[string, object, object[]]>([
    ['of what there is', { see: ['*'], connect: ['pg-*', 'pg-prod'], ports: [5432] }, []],
    ['of no pattern, as auditor', {}, []],
    [
      'of a name mistyped',
      { connect: ['pg-prd'] },
      [{ message: 'connect: pg-prd matches no connection', hint: 'did you mean pg-prod?' }],
    ],
    [
      'of one good name and one bad',
      { see: ['pg-prod', 'web'] },
      [{ message: 'see: web matches no connection', hint: 'there are: pg-prod' }],
    ],
    [
      'of a pattern without a match',
      { connect: ['my-*'] },
      [{ message: 'connect: my-* matches no connection', hint: 'there are: pg-prod' }],
    ],
    [
      'of a port that nothing has',
      { connect: ['*'], ports: [5432, 5433] },
      [{ message: expect.stringContaining('5433'), hint: 'they are reached at: 5432' }],
    ],
  ])('%s', (_, role, faults) => {
    expect(faultsOf(role)).toEqual(faults.map((each) => ({ role: 'dba', ...each })));
  });
});

describe('guardrails', () => {
  const configOf = (guardrails: object, connections: object = {}) => {
    const base = parse(BASE) as { connections: object };
    return Config.parse({ ...base, connections: { ...base.connections, ...connections }, guardrails });
  };
  const web = { web: { protocol: 'tcp', host: 'web', port: 443 } };

  test('a pack is named alone, or with whom it is for', () => {
    const { guardrails } = configOf({ packs: ['server-files', { pack: 'destructive-ddl', groups: ['dba'] }] });
    expect(guardrails.packs).toEqual([{ pack: 'server-files' }, { pack: 'destructive-ddl', groups: ['dba'] }]);
    expect(parseConfig(BASE, 'gateway.yaml').guardrails).toEqual({ packs: [], rules: [] });
  });

  test('are said for each connection that has some; a protocol that cannot be read is a fault', () => {
    const rules = [
      { name: 'no-payroll', connections: ['pg-*'], groups: ['dba', 'dev'], relations: ['hr.*'], then: 'deny' },
    ];
    const some = configOf({ packs: [{ pack: 'server-files', connections: ['pg-*'] }], rules }, web);
    expect(controlledConnections(some)).toEqual([
      { connection: 'pg-prod', controls: 'guardrails no-payroll (for dba, dev), server-files' },
    ]);
    const [, fault] = controlledConnections(configOf({ packs: ['server-files'] }, web));
    expect(fault).toMatchObject({
      connection: 'web',
      fault: { message: expect.stringContaining('tcp'), hint: expect.stringContaining('leave web out') },
    });
  });

  test('that match no connection are faults', () => {
    const rules = [{ name: 'x', connections: ['pg-prd'], then: 'deny' }];
    expect(
      controlFaults(configOf({ packs: [{ pack: 'server-files', connections: ['my-*', 'pg-*'] }], rules })),
    ).toEqual([
      {
        what: 'guardrail server-files',
        message: 'connections: my-* matches no connection',
        hint: 'there are: pg-prod',
      },
      { what: 'guardrail x', message: 'connections: pg-prd matches no connection', hint: 'did you mean pg-prod?' },
    ]);
  });
});

describe('masks', () => {
  const rulesOf = (text: string) => maskRules(parseConfig(`${BASE}masks: ${text}`, 'gateway.yaml').masks);

  test('a column is named alone, or with how it is masked; a bare null is a way', () => {
    expect(
      rulesOf('{ columns: [public.customers.ssn, { columns: [a.b, c], way: null, connections: [pg-*] }] }'),
    ).toEqual([
      {
        ...{ name: 'public.customers.ssn', columns: ['public.customers.ssn'], way: 'redact', connections: ['*'] },
        ...{ detectors: [], predicates: 'deny', exempt: [] },
      },
      {
        ...{ name: 'a.b', columns: ['a.b', 'c'], way: 'null', connections: ['pg-*'] },
        ...{ detectors: [], predicates: 'deny', exempt: [] },
      },
    ]);
    expect(parseConfig(BASE, 'gateway.yaml').masks).toEqual({ packs: [], columns: [], exempt: [] });
  });

  test('what is declared comes before what a pack guesses; exempt is exempt of all', () => {
    const rules = rulesOf('{ packs: [{ pack: pii, exempt: [dpo] }, secrets], columns: [x.y], exempt: [security] }');
    expect(rules[0]?.name).toBe('x.y');
    expect(rules.map(({ name, exempt }) => [name, exempt])).toContainEqual(['pii', ['security', 'dpo']]);
    expect(rules.find(({ name }) => name === 'secrets')?.exempt).toEqual(['security']);
  });

  test('hold for who is not exempt, and are said by check', () => {
    const config = parseConfig(
      `${BASE}masks: { packs: [{ pack: pii, connections: [pg-*] }], exempt: [security] }`,
      'x',
    );
    const configured = new Configured(config);
    const masked = (...groups: string[]) => configured.isMasked('pg-prod', { subject: 's', email: 'e', groups });
    expect([masked('dba'), masked('dba', 'security')]).toEqual([true, false]);
    expect(configured.isMasked('web', { subject: 's', email: 'e', groups: [] })).toBe(false);
    expect([configured.isControlled('pg-prod'), configured.isControlled('web')]).toEqual([true, false]);
    expect(controlledConnections(config)).toMatchObject([{ controls: expect.stringMatching(/^masks pii/) }]);
    const shown = parseConfig(`${BASE}masks: { columns: [{ columns: [a.b], way: show }] }`, 'x');
    expect(new Configured(shown).isMasked('pg-prod', { subject: 's', email: 'e', groups: [] })).toBe(false);
  });

  test('that match no connection are faults; a star alone is none', () => {
    const config = parseConfig(`${BASE}masks: { packs: [{ pack: pii, connections: [pg-prd] }], columns: [a.b] }`, 'x');
    expect(controlFaults(config)).toEqual([
      { what: 'mask pii', message: 'connections: pg-prd matches no connection', hint: 'did you mean pg-prod?' },
    ]);
    expect(controlFaults({ ...config, connections: {}, masks: maskless('{ columns: [a.b] }') })).toEqual([]);
  });
  const maskless = (text: string) => parseConfig(`${BASE}masks: ${text}`, 'x').masks;

  test('hash by a key that is made once, and kept', () => {
    const folder = temporary();
    const key = openMaskKey(folder);
    expect(key.length).toBe(32);
    expect(openMaskKey(folder)).toEqual(key);
    expect(statSync(join(folder, 'mask.key')).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, 'mask.key'), 'short');
    expect(() => openMaskKey(folder)).toThrow(expect.objectContaining({ code: 'data' }));
  });
});

describe('a secret by reference', () => {
  test('is looked up when it is used, and shows itself nowhere', async () => {
    const folder = temporary();
    writeFileSync(join(folder, 'pw'), 'hunter2\n');
    for (const secret of [await lookUp(`file:${join(folder, 'pw')}`), await lookUp('env:PW', { PW: 'hunter2' })]) {
      expect(secret.reveal()).toBe('hunter2');
      expect(`${secret}${JSON.stringify({ secret })}`).not.toContain('hunter2');
    }
  });
  test.each(['env:NOT_THERE', 'file:/not/there'])('%s that is not there is named', async (reference) => {
    await expect(lookUp(reference, {})).rejects.toMatchObject({
      code: 'secret',
      message: expect.stringContaining(reference),
    });
  });
  test('is the upstream login of its connection', async () => {
    const folder = temporary();
    writeFileSync(join(folder, 'pw'), 'hunter2');
    const config = Config.parse(parse(BASE.replace('env:PW', `file:${join(folder, 'pw')}`)));
    expect(await new Configured(config).upstream('pg-prod').login?.()).toEqual({ user: 'app', password: 'hunter2' });
  });

  test('of the login that mints is what flows never get', async () => {
    const folder = temporary();
    writeFileSync(join(folder, 'minter'), 'hunter2\n');
    const ephemeral =
      'credential: { ephemeral: { user: m, password: file:minter, roles: [{ groups: [a], role: r }] } }';
    writeFileSync(join(folder, 'gateway.yaml'), BASE.replace('user: app, password: env:PW', ephemeral));
    const upstream = new Configured(loadConfig(join(folder, 'gateway.yaml'))).upstream('pg-prod');
    expect(await upstream.login?.()).toEqual({ user: 'm', password: 'hunter2' });
    expect(upstream.ephemeral).toEqual({ grants: [{ groups: ['a'], role: 'r' }], lifetimeMs: 600_000 });
  });
});

describe('policy', () => {
  const connections = Object.fromEntries(
    ['pg-prod', 'pg-dev', 'web', 'a-b-c'].map((name) => [
      name,
      { protocol: 'tcp', host: 'x', port: name === 'web' ? 443 : 5432 },
    ]),
  );
  const policyOf = (roles: object) =>
    new Policy(
      Config.parse({
        name: 'x',
        listen: { host: 'x', port: 1 },
        publicHost: 'x',
        data: 'x',
        idp: { issuer: 'https://x', clientId: 'x' },
        connections,
        roles,
      }),
    );
  const of = (...groups: string[]) => ({ subject: 's', email: 'a@b.c', groups });

  test('denies by default', () => {
    const policy = policyOf({ dba: { groups: ['dba'], connect: ['*'] } });
    expect(policy.visible(of('staff'))).toEqual([]);
    expect(policy.visible(of())).toEqual([]);
    expect(policy.visible(of('dba'))).toHaveLength(4);
  });

  test.each([
    ['pg-*', ['pg-dev', 'pg-prod']],
    ['*', ['a-b-c', 'pg-dev', 'pg-prod', 'web']],
    ['*-*', ['a-b-c', 'pg-dev', 'pg-prod']],
    ['*prod', ['pg-prod']],
    ['a-*-c', ['a-b-c']],
    ['pg', []],
    ['a*b*b*c', []],
    ['pg-prod', ['pg-prod']],
  ])('the pattern %s', (pattern, names) => {
    const policy = policyOf({ r: { groups: ['g'], connect: [pattern] } });
    expect(policy.visible(of('g')).map((it) => it.name)).toEqual(names);
  });

  test('a role with ports is for those alone', () => {
    const policy = policyOf({ r: { groups: ['g'], connect: ['*'], ports: [443] } });
    expect(policy.visible(of('g')).map((it) => it.name)).toEqual(['web']);
  });

  test('auditor is a role by groups', () => {
    const policy = policyOf({ auditor: { groups: ['security'] } });
    expect([
      policy.has(of('security'), 'auditor'),
      policy.has(of('dba'), 'auditor'),
      policy.has(of('security'), 'admin'),
    ]).toEqual([true, false, false]);
  });
});
