import { defineConfig } from 'tsup';

/** `demo` is scripts/demo, `bench` scripts/bench; `idp`, `browser`, `query`, `pump` and `probe` are programs that they start. */
export default defineConfig({
  entry: [
    'src/index.ts',
    'src/conformance-suite.ts',
    'src/contrary.ts',
    ...['demo', 'bench', 'idp', 'browser', 'query', 'pump', 'probe'].map((name) => `src/${name}.ts`),
  ],
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
});
