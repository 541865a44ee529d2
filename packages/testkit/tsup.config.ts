import { defineConfig } from 'tsup';

/** `demo` is scripts/demo; `idp` and `browser` are programs that it starts. */
export default defineConfig({
  entry: ['src/index.ts', 'src/conformance-suite.ts', 'src/idp.ts', 'src/browser.ts'],
  format: 'esm',
  target: 'node26',
  clean: true,
});
