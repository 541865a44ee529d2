import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';

/**
 * `main` is the program, `keychain-child` what it runs for one keychain call, `setup-root` what it runs as root. Everything is bundled but keytar, which is
 * native. Splitting keeps the daemon, Ink and the contract's schemas in files of their own, read only when needed.
 * The metafile says what is inside, which `installers/` names in what it ships.
 */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    main: 'src/main.ts',
    'keychain-child': fileURLToPath(new URL('../platform/src/keychain/child.ts', import.meta.url)),
    'setup-root': fileURLToPath(new URL('../platform/src/setup/program.ts', import.meta.url)),
  },
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
  env: { NODE_ENV: 'production' },
  splitting: true,
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
  noExternal: [/^(?!keytar$|node:)/],
  external: ['keytar'],
  esbuildOptions: (options) => {
    options.conditions = ['source'];
    // Ink asks for React's developer tools only with DEV=true.
    options.alias = { 'react-devtools-core': fileURLToPath(new URL('./src/views/no-devtools.ts', import.meta.url)) };
    // CommonJS inside the bundle still requires Node's own modules.
    options.banner = { js: "import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);" };
  },
});
