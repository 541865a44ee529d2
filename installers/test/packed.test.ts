import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, test } from 'vitest';
import { licences } from '../lib/licences.ts';
import { bundle, described, type Packed } from '../lib/packed.ts';
import { sbom } from '../lib/sbom.ts';

function folder(files: Record<string, unknown>): string {
  const root = mkdtempSync(join(tmpdir(), 'hoop-packed-'));
  for (const [path, value] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof value === 'string' ? value : JSON.stringify(value));
  }
  return root;
}

const part = (more: Partial<Packed> = {}): Packed => ({
  name: '@hono/node-server',
  version: '2.1.8',
  license: 'MIT',
  text: 'Do as you like.',
  integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`,
  folder: '/nowhere',
  ...more,
});

describe('a bundle', () => {
  const output = (input: string, more: object) => ({ imports: [], inputs: { [input]: { bytesInOutput: 1 } }, ...more });
  const root = folder({
    'dist/metafile-esm.json': {
      outputs: {
        'dist/main.js': output('src/main.ts', {
          entryPoint: 'src/main.ts',
          imports: [{ path: 'dist/a.js' }, { path: 'node:fs', external: true }],
        }),
        'dist/a.js': output('../node_modules/.pnpm/x@1/node_modules/@s/x/lib/i.js', {
          imports: [{ path: 'dist/main.js' }],
        }),
        'dist/index.js': output('node_modules/indexed/i.js', { entryPoint: 'src/index.ts' }),
        'dist/unused.js': output('node_modules/unused/i.js', {}),
        'dist/child.js': {
          imports: [],
          entryPoint: 'c.ts',
          inputs: { 'node_modules/shaken/i.js': { bytesInOutput: 0 } },
        },
      },
    },
  });

  test('holds what its programs reach, and the packages with a byte in it', () => {
    expect(bundle(root)).toEqual({
      files: ['a.js', 'child.js', 'main.js'],
      folders: [join(root, '../node_modules/.pnpm/x@1/node_modules/@s/x')],
    });
  });
});

describe('a package inside', () => {
  test('says its licence and shows its text; the lockfile knows its sum', () => {
    const at = folder({ 'package.json': { name: 'x', version: '1.0.0', license: 'ISC' }, 'LICENSE.md': 'ISC terms\n' });
    const found = described(at, new Map([['x@1.0.0', 'sha512-AA==']]));
    expect(found).toEqual({
      name: 'x',
      version: '1.0.0',
      license: 'ISC',
      text: 'ISC terms',
      integrity: 'sha512-AA==',
      folder: at,
    });
  });

  test('is not shipped without a licence', () => {
    const at = folder({ 'package.json': { name: 'x', version: '1.0.0' } });
    expect(() => described(at, new Map())).toThrow('x 1.0.0 says no licence');
  });
});

test('the licences are ours and those of each part, also of one without a text', () => {
  const text = licences('Ours.\n', [part(), part({ name: 'bare', text: undefined, license: 'Apache-2.0' })]);
  expect(text).toContain('@hono/node-server 2.1.8 (MIT)\n\nDo as you like.');
  expect(text).toContain('licensed as Apache-2.0');
});

describe('the SBOM', () => {
  const product = { name: 'hoop', version: '1.2.3', epoch: 1_700_000_000 };
  const parts = [part(), part({ name: 'odd', license: 'SEE LICENSE IN X', integrity: undefined })];

  test('is valid CycloneDX 1.6 and names each part', async () => {
    const text = sbom(product, parts);
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
    const { components, dependencies } = JSON.parse(text);
    expect(components.map((one: { purl: string }) => one.purl)).toEqual([
      'pkg:npm/%40hono/node-server@2.1.8',
      'pkg:npm/odd@2.1.8',
    ]);
    expect(components[0].hashes).toEqual([{ alg: 'SHA-512', content: '01'.repeat(64) }]);
    expect(dependencies.find((one: { ref: string }) => one.ref === 'hoop').dependsOn).toHaveLength(2);
  });

  test('is the same text each time, and has another number when a part is another', () => {
    const number = (text: string) => JSON.parse(text).serialNumber as string;
    expect(sbom(product, parts)).toBe(sbom(product, parts));
    expect(number(sbom(product, [part({ version: '2.1.9' })]))).not.toBe(number(sbom(product, [part()])));
  });
});
