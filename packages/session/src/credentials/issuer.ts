import { createHmac, timingSafeEqual } from 'node:crypto';

/** Who mints: a gateway, of which one process runs at a time. */
export interface Issuer {
  /** The gateway's own, for as long as its store lives. */
  id: string;
  /** A secret of the same life: a mark that it did not sign is not ours. */
  key: Uint8Array;
  /** This run of it. */
  instance: string;
  /** Whether a role of another run can have no session any more. */
  isDead(instance: string): boolean;
}

const SAID = 'A role of one session through hoop, dropped at its end.';
const MARK = /^.* hoop1\.([\w-]+)\.([\w-]+)$/;

/** The mark of a role that we mint: read by people, and by whoever looks for what a crash has left. */
export function markOf(issuer: Issuer, name: string, owner: string): string {
  const content = Buffer.from(JSON.stringify({ gateway: issuer.id, instance: issuer.instance, owner }));
  return `${SAID} hoop1.${content.toString('base64url')}.${signature(issuer, name, content).toString('base64url')}`;
}

/** Who gets what such a role owns; `undefined` where it is not ours, or belongs to another run that may still live. */
export function issuedBy(issuer: Issuer, name: string, mark: string): { owner: string } | undefined {
  const [, encoded = '', signed = ''] = MARK.exec(mark) ?? [];
  const content = Buffer.from(encoded, 'base64url');
  const expected = signature(issuer, name, content);
  const shown = Buffer.from(signed, 'base64url');
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected)) return undefined;
  const { gateway, instance, owner } = JSON.parse(content.toString()) as Record<
    'gateway' | 'instance' | 'owner',
    string
  >;
  const ours = gateway === issuer.id && (instance === issuer.instance || issuer.isDead(instance));
  return ours ? { owner } : undefined;
}

/** Over the name too: a mark that was copied to another role says nothing. */
const signature = ({ key }: Issuer, name: string, content: Uint8Array): Buffer =>
  createHmac('sha256', key).update(`${name}\0`).update(content).digest();
