import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { hoopdCommand } from '../src/index.js';
import { loopbackJob } from '../src/ports/loopback.js';
import { launchAgent } from '../src/service/launchd.js';
import type { Machine } from '../src/setup/machine.js';
import type { StepPlan } from '../src/setup/plan.js';

const READ = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))';
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** As another program reads them: Python's plistlib. */
describe.skipIf(!hasPython)('property lists', () => {
  const read = (plan: StepPlan) => {
    const text = plan.can ? plan.actions.flatMap((one) => (one.do === 'write' ? [one.text] : []))[0] : '';
    return JSON.parse(execFileSync('python3', ['-c', READ], { input: text, encoding: 'utf8' })) as Record<
      string,
      unknown
    >;
  };
  const person = { uid: 501, gid: 20, name: 'alice', home: '/Users/alice' };
  const request = {
    steps: [],
    uid: 501,
    resolver: { address: '127.77.4.1', port: 5377 },
    program: { node: '/opt/a+b/node', main: '/opt/hoop/main.js' },
    variables: { NO_PROXY: 'a,b' },
    names: [],
    ports: [],
  };

  test('hoopd’s agent', () => {
    const agent = read(launchAgent({ person } as Machine, request));
    expect(agent).toMatchObject({
      Label: 'dev.hoop.hoopd',
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      EnvironmentVariables: { NO_PROXY: 'a,b' },
      LimitLoadToSessionType: 'Aqua',
    });
    const [shell, flag, script, ...program] = agent.ProgramArguments as string[];
    expect([shell, flag, program]).toEqual(['/bin/sh', '-c', hoopdCommand('/opt/a+b/node', '/opt/hoop/main.js')]);
    // For anybody else it is nothing, and ends well: launchd does not start it again.
    const mine = String(script).replace('= 501', `= ${process.getuid?.()}`);
    expect(spawnSync('sh', ['-c', String(script), 'false']).status).toBe(0);
    expect(spawnSync('sh', ['-c', mine, 'false']).status).toBe(1);
  });

  test('root’s job takes no input, and is valid shell', () => {
    const job = read(loopbackJob(4));
    const [, , script] = job.ProgramArguments as string[];
    expect(Object.keys(job).sort()).toEqual(['Label', 'ProgramArguments', 'RunAtLoad']);
    expect(spawnSync('sh', ['-n', '-c', String(script)]).status).toBe(0);
    expect(script).toContain("echo 'rdr pass on lo0 inet proto tcp from any to 127.77.4.0/24 port 1:1023 -> ");
  });
});
