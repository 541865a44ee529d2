import { openKeychain, profileFolder } from '@hoop/platform';
import type { Credentials } from '../credentials.js';
import type { Door } from './callback.js';
import { systemClock } from './clock.js';
import { keychainEntries, memoryEntries } from './entry.js';
import { gatewayApiOf } from './gateway.js';
import { LoginCredentials, type LoginOptions } from './login.js';
import { openProvider } from './oidc.js';
import { gatewayFile, loginFile } from './remembered.js';
import type { Rival } from './rivals.js';
import { pinnedCertificate } from './trust.js';

export interface AboutLogin {
  profile: string;
  /** Of the daemon. */
  stateFolder: string;
  uid: number;
  environment: NodeJS.ProcessEnv;
  /** The gateways of other profiles. */
  rivals(): readonly Rival[];
  door: Door;
  log: LoginOptions['log'];
}

/** The login of one profile: its folder holds login.json and gateway.json (nothing secret), the keychain all else. */
export function loginCredentials({
  profile,
  stateFolder,
  uid,
  environment,
  rivals,
  door,
  log,
}: AboutLogin): Credentials {
  const folder = profileFolder(stateFolder, profile);
  return new LoginCredentials({
    ...{ profile, rivals, door, random: Math.random, file: loginFile(folder, uid), gateways: gatewayFile(folder, uid) },
    log: (level, message, facts) => log(level, message, { profile, ...facts }),
    stores: {
      keychain: (waiting) => keychainEntries(openKeychain({ service: 'hoop', environment, waiting })),
      memory: memoryEntries,
    },
    reach: { clock: systemClock, gatewayApi: gatewayApiOf, openProvider, pinned: pinnedCertificate },
  });
}
