import { defineConfig } from 'tsup';

/** Bundled into the CLI, which runs it as `hoop daemon run`. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
  noExternal: [/^@hoop\//],
});
