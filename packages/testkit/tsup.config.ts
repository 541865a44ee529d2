import { defineConfig } from 'tsup';

/** `demo` is scripts/demo; `idp`, `browser` and `query` are programs that it starts. */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'conformance-suite': 'src/conformance-suite.ts',
    contrary: 'src/contrary/index.ts',
    demo: 'src/demo.ts',
    idp: 'src/idp.ts',
    browser: 'src/browser.ts',
    query: 'src/query.ts',
  },
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
});
