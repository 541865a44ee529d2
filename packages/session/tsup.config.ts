import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/reader.ts'],
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
});
