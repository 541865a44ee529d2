import { defineConfig } from 'tsup';

/** `main` is the program; our own packages are bundled into it, so that it starts from one file. */
export default defineConfig({
  entry: ['src/index.ts', 'src/main.ts'],
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
  /** node:sqlite has no name without its prefix. */
  noExternal: [/^@hoop\//],
});
