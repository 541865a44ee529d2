import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder, readOwn, replaceOwn } from '@hoop/platform';
import * as z from 'zod';

/** Where a login was made and why that gateway was believed: what the next `hoop login` goes by, also after a logout. */
export const KnownGateway = z.strictObject({
  gateway: z.url(),
  /** PEM. */
  ca: z.string().optional(),
  caFingerprint: z.string().optional(),
  /** As what its IdP knows it. */
  client: z.strictObject({ issuer: z.string(), id: z.string() }).optional(),
  /** Tokens for it may be good at the gateways of other profiles: the person said so. */
  sharedIdp: z.boolean().optional(),
});
export type KnownGateway = z.infer<typeof KnownGateway>;

/** What may lie in a file of ours: where the login is, whose it is; nothing that proves it. */
export const Remembered = KnownGateway.extend({
  /** PEM of the certificate that the fingerprint named. */
  pinned: z.string().optional(),
  email: z.string(),
  /** As the IdP knows them. */
  subject: z.string().optional(),
  since: z.number().int(),
});
export type Remembered = z.infer<typeof Remembered>;

/** A file in the state folder, 0600. */
export interface OwnFile<T> {
  /** Undefined: there is none. Throws on one that cannot be read. */
  read(): T | undefined;
  write(value: T): void;
  remove(): void;
}
/** `login.json`: there while somebody is logged in. */
export type LoginFile = OwnFile<Remembered>;
/** `gateway.json`: outlives the login. */
export type GatewayFile = OwnFile<KnownGateway>;

export const loginFile = (folder: string, uid: number): LoginFile => ownFile(folder, 'login.json', uid, Remembered);
export const gatewayFile = (folder: string, uid: number): GatewayFile =>
  ownFile(folder, 'gateway.json', uid, KnownGateway);

export function ownFile<T>(folder: string, name: string, uid: number, shape: z.ZodType<T>): OwnFile<T> {
  const path = join(folder, name);
  return {
    read: () => {
      const text = readOwn(path, uid);
      return text === undefined ? undefined : shape.parse(JSON.parse(text));
    },
    write: (value) => {
      ownFolder(folder, uid);
      replaceOwn(path, `${JSON.stringify(value, null, 2)}\n`);
    },
    remove: () => rmSync(path, { force: true }),
  };
}
