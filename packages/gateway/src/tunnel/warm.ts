import type { Identity } from '@hoop/core';
import type { Services } from './services.js';

/** Mints ahead for a person who is there: the first to connect need not wait for it either. */
export function warm({ configured, credentials }: Services, identity: Identity): void {
  const { policy } = configured;
  for (const upstream of configured.upstreams())
    if (upstream.ephemeral && policy.standing(identity, upstream.name) === 'granted')
      credentials.warm(upstream, identity.groups);
}
