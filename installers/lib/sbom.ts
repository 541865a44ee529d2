import { createHash } from 'node:crypto';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import parseExpression from 'spdx-expression-parse';
import type { Packed } from './packed.ts';

/**
 * What a package holds, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). Neither its time nor its number differ from
 * one build to the next: the number is made of what is in it.
 */
export function sbom(product: { name: string; version: string; epoch: number }, packed: readonly Packed[]): string {
  const licence = new Contrib.License.Factories.LicenseFactory(parseExpression);
  const bom = new Models.Bom({
    serialNumber: serialOf(product, packed),
    metadata: new Models.Metadata({
      timestamp: new Date(product.epoch * 1000),
      component: new Models.Component(Enums.ComponentType.Application, product.name, {
        version: product.version,
        bomRef: product.name,
        licenses: new Models.LicenseRepository([licence.makeFromString('MIT')]),
      }),
    }),
  });
  for (const part of packed) {
    const component = componentOf(part, licence);
    bom.components.add(component);
    bom.metadata.component?.dependencies.add(component.bomRef);
  }
  const serialize = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serialize.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function componentOf(
  { name, version, license, integrity }: Packed,
  licence: InstanceType<typeof Contrib.License.Factories.LicenseFactory>,
): Models.Component {
  const [, group, plain = name] = /^(?:(@[^/]+)\/)?(.*)$/.exec(name) ?? [];
  const purl = new PackageURL('npm', group, plain, version, undefined, undefined).toString();
  const hashes = new Models.HashDictionary();
  const [, sha512] = /^sha512-(.*)$/.exec(integrity ?? '') ?? [];
  if (sha512 !== undefined) hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(sha512, 'base64').toString('hex'));
  return new Models.Component(Enums.ComponentType.Library, plain, {
    ...(group !== undefined && { group }),
    ...{ version, purl, hashes, bomRef: purl },
    licenses: new Models.LicenseRepository([licence.makeFromString(license)]),
  });
}

/** RFC 9562 §5.8: a UUID of our own making. */
function serialOf(product: { name: string; version: string }, packed: readonly Packed[]): string {
  const all = [product.name, product.version, ...packed.map(({ name, version }) => `${name}@${version}`)].join('\n');
  const hex = createHash('sha256').update(all).digest('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
