import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', setup: 'src/setup/index.ts', doctor: 'src/doctor/index.ts' },
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
});
