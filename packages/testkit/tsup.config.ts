import { defineConfig } from 'tsup';

/** `demo` is scripts/demo, `bench` scripts/bench; `idp`, `browser`, `query`, `pump`, `probe`, `company` and `overheard` are
 * programs that they and the tests start. */
export default defineConfig({
  entry: [
    'src/index.ts',
    'src/conformance-suite.ts',
    'src/contrary.ts',
    ...['demo', 'bench', 'idp', 'browser', 'query', 'pump', 'probe', 'company', 'overheard'].map(
      (name) => `src/${name}.ts`,
    ),
  ],
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
});
