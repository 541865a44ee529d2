import { defineConfig } from 'tsup';

/** `demo` is scripts/demo; `idp`, `browser` and `query` are programs that it starts. */
export default defineConfig({
  entry: ['src/index.ts', 'src/conformance-suite.ts', 'src/demo.ts', 'src/idp.ts', 'src/browser.ts', 'src/query.ts'],
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
});
