import { defineConfig } from 'tsup';

/** `main` is the program; our own packages are bundled into it, so that it starts from one file; `reader` is its thread. */
export default defineConfig({
  entry: { index: 'src/index.ts', main: 'src/main.ts', reader: '../session/src/reader.ts' },
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
  /** node:sqlite has no name without its prefix. */
  noExternal: [/^@hoop\//],
});
