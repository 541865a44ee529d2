import { defineConfig } from 'tsup';

/** `main` is the program. Splitting keeps Ink and the daemon in files of their own, read only when they are needed. */
export default defineConfig({
  entry: ['src/index.ts', 'src/main.ts'],
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
  splitting: true,
  noExternal: [/^@hoop\//],
});
