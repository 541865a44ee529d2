import { defineConfig } from 'vitest/config';

/**
 * `unit`: no process, no port; run by `pnpm check`. `real`: against real parts (PostgreSQL, psql, an IdP, a keyring), run
 * by scripts/test. `full`: the long proofs, run by scripts/test --full.
 */
const project = (name: string, include: string[], timeout: number, parallel: boolean) => ({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'module', 'node'], externalConditions: ['source', 'node'] } },
  test: {
    name,
    include,
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 60_000),
    fileParallelism: parallel,
    // Tests on real parts tidy up by themselves: servers and other people need folders that they may pass through.
    ...(name === 'unit' && { globalSetup: ['scripts/lib/temporary.ts'] }),
  },
});

export default defineConfig({
  test: {
    projects: [
      project(
        'unit',
        ['packages/*/test/**/*.test.{ts,tsx}', 'scripts/lib/*.test.ts', 'installers/test/*.test.ts'],
        20_000,
        true,
      ),
      project('real', ['packages/*/test/**/*.real.ts'], 60_000, false),
      project('full', ['packages/*/test/**/*.full.ts', 'installers/test/*.full.ts'], 1_800_000, false),
    ],
  },
});
