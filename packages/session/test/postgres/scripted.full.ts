import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cases } from './scripted.js';
import { Comparison } from './scripted-run.js';
import { type Server, startServer } from './server.js';

const RUNS = 12_000;
/** Most of a case is waiting for verdicts: so many run side by side. */
const PLACES = 6;
let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

test(`${RUNS} scripts of the controls, direct against through`, async () => {
  const refusals = await Promise.all(Array.from({ length: PLACES }, (_, place) => compare(place, RUNS / PLACES)));
  expect(refusals.reduce((all, some) => all + some)).toBeGreaterThan(RUNS / 3);
}, 5_400_000);

/** Gives how many statements were refused. */
async function compare(place: number, numRuns: number): Promise<number> {
  const admin = new Client(server.cluster.config());
  await admin.connect();
  const comparison = new Comparison(server.upstream, admin, place);
  await comparison.prepare();
  try {
    await fc.assert(
      fc.asyncProperty(cases, (one) => comparison.run(one)),
      { numRuns, seed: 23 + place, endOnFailure: true },
    );
  } finally {
    await comparison.close();
    await admin.end();
  }
  return comparison.refusals;
}
