import { expect, test } from 'vitest';
import { nextSteps } from '../lib/next.ts';

test('each file that was made has its next step, with its path', () => {
  const steps = nextSteps([
    '/out/hoop-0.1.0-linux-x64.tar.gz',
    '/out/hoop_0.1.0_amd64.deb',
    '/out/hoop-gateway_0.1.0_amd64.deb',
  ]);
  expect(steps).toEqual([
    'laptop   tar -xzf /out/hoop-0.1.0-linux-x64.tar.gz, then install.sh in it, then hoop setup\n',
    'laptop   sudo apt install /out/hoop_0.1.0_amd64.deb && hoop setup\n',
    expect.stringMatching(
      /^gateway {2}sudo apt install \/out\/hoop-gateway_0\.1\.0_amd64\.deb && sudo hoop-gateway init /,
    ),
  ]);
});
