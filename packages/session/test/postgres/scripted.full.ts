import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cases } from './scripted.js';
import { Comparison } from './scripted-run.js';
import { type Server, startServer } from './server.js';

const RUNS = 12_000;
let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

test(`${RUNS} scripts of the controls, direct against through`, async () => {
  const comparison = new Comparison(server.upstream, server.admin);
  await comparison.prepare();
  try {
    await fc.assert(
      fc.asyncProperty(cases, (one) => comparison.run(one)),
      { numRuns: RUNS, seed: 23 },
    );
  } finally {
    await comparison.close();
  }
  expect(comparison.refusals).toBeGreaterThan(RUNS / 3);
  // A quarter of an hour on two quiet cores.
}, 5_400_000);
