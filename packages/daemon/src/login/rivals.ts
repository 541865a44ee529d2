import type { Discovery } from '@hoop/contracts/gateway';
import { UserError } from '@hoop/core';
import type { KnownGateway } from './remembered.js';

/** The gateway of another profile, or the one that this login would replace: as it was last logged in to. */
export interface Rival extends KnownGateway {
  profile: string;
}

/** A login that is asked for, before anybody is sent to an IdP. */
export interface Contender {
  gateway: URL;
  discovery: Pick<Discovery, 'clientId'>;
  /** Wherever the IdP's metadata lead the person or their tokens. */
  idp: readonly string[];
  /** The person says that both gateways belong together. */
  sharedIdp: boolean;
}

/**
 * Throws where a gateway asks for logins of the very client that another gateway of the person's is known by at its IdP. Such
 * tokens are good at both; and one that was refreshed has no nonce (OpenID Connect Core §12.2), so that whoever runs the
 * one gateway could log in with it at the other, as a device does. A gateway says itself which client it is: none is believed.
 */
export function refuseShared({ gateway, discovery, idp, sharedIdp }: Contender, rivals: readonly Rival[]): void {
  const rival = rivals.find(
    (one) =>
      one.gateway !== gateway.origin &&
      one.client?.id === discovery.clientId &&
      idp.some((url) => originOf(url) === originOf(one.client?.issuer ?? '')),
  );
  if (rival === undefined || sharedIdp || rival.sharedIdp === true) return;
  const message = `${gateway.host} asks for the same login as ${rival.gateway} of the profile ${rival.profile}: with it, whoever runs ${gateway.host} could be you there`;
  throw new UserError('shared-idp', message, {
    hint: 'only if the same people run both: --shared-idp',
    exit: 'policy',
  });
}

const originOf = (url: string): string | undefined => URL.parse(url)?.origin;
