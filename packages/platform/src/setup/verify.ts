import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { CANARY } from '../names/index.js';

/** As programs resolve names (getaddrinfo(3)), IPv4. Undefined if there is no such name. */
export const lookUp = (name: string): Promise<string | undefined> =>
  lookup(name, { family: 4 }).then(
    ({ address }) => address,
    () => undefined,
  );

/** A name that nobody has asked for, so that no cache answers. */
export const canaryName = (): string => `${CANARY}${randomBytes(6).toString('hex')}.hoop`;
