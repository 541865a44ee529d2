import { describe, expect, test } from 'vitest';
import { hoop, machineAt, state } from './stage.js';

const as = (uid: number, platform: NodeJS.Platform = 'darwin') => ({
  machine: { ...machineAt('/nonexistent'), uid, platform },
});

describe('setup', () => {
  test('on a machine it cannot do it says why, and what works instead', async () => {
    const ran = await hoop(['setup'], { needs: as(1000) });
    expect(ran.code).toBe(1);
    expect(ran.err).toBe(
      'hoop: this system’s resolver is set up by a later version of hoop\n  hoop run -- CMD and hoop connect NAME need no DNS\n',
    );
  });

  test('root is asked whose resolver; a resolver off this machine is refused', async () => {
    const whose = await hoop(['setup'], { needs: as(0) });
    expect([whose.code, whose.err]).toEqual([2, expect.stringContaining('whose resolver')]);
    for (const wrong of ['10.0.0.1:53', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', 'x; reboot']) {
      const ran = await hoop(['setup', '--resolver', wrong], { needs: as(0) });
      expect([wrong, ran.code]).toEqual([wrong, 2]);
    }
  });

  test('undoing takes root', async () => {
    const ran = await hoop(['setup', '--undo'], { needs: as(1000) });
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('sudo hoop setup --undo')]);
  });

  test('a daemon without a resolver is told as such', async () => {
    const ran = await hoop(['setup'], {
      needs: as(1000),
      now: state({ daemon: { ...state().daemon, resolver: null } }),
    });
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('resolver does not run')]);
  });
});
