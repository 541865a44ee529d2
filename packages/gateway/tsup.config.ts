import { defineConfig } from 'tsup';

/**
 * `main` is the program, `reader` its thread. Everything is bundled but libpg-query, whose WebAssembly lies beside it. The
 * metafile says what is inside, which `installers/` names in what it ships.
 */
export default defineConfig({
  entry: { index: 'src/index.ts', main: 'src/main.ts', reader: '../session/src/reader.ts' },
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
  metafile: true,
  noExternal: [/^(?!libpg-query$|node:)/],
  external: ['libpg-query'],
  esbuildOptions: (options) => {
    options.conditions = ['source'];
    // CommonJS inside the bundle still requires Node's own modules.
    options.banner = { js: "import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);" };
  },
});
