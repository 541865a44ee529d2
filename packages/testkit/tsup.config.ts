import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/conformance-suite.ts'],
  format: 'esm',
  target: 'node26',
  clean: true,
});
