import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    'gateway/index': 'src/gateway/index.ts',
    'http/index': 'src/http/index.ts',
    'local/index': 'src/local/index.ts',
    'uplink/index': 'src/uplink/index.ts',
  },
  format: 'esm',
  target: 'node26',
  removeNodeProtocol: false,
  clean: true,
});
