import { openKeychain } from '@hoop/platform';
import type { Credentials } from '../credentials.js';
import { systemClock } from './clock.js';
import { keychainEntries, memoryEntries } from './entry.js';
import { gatewayApiOf } from './gateway.js';
import { LoginCredentials, type LoginOptions } from './login.js';
import { openProvider } from './oidc.js';
import { gatewayFile, loginFile } from './remembered.js';
import { pinnedCertificate } from './trust.js';

/** The login of this daemon: `stateFolder` holds login.json and gateway.json (nothing secret), the keychain all else. */
export function loginCredentials(about: {
  profile: string;
  stateFolder: string;
  uid: number;
  environment: NodeJS.ProcessEnv;
  log: LoginOptions['log'];
}): Credentials {
  const { profile, stateFolder, uid, environment, log } = about;
  return new LoginCredentials({
    ...{ profile, log, random: Math.random, file: loginFile(stateFolder, uid) },
    gateways: gatewayFile(stateFolder, uid),
    stores: {
      keychain: (waiting) => keychainEntries(openKeychain({ service: 'hoop', environment, waiting })),
      memory: memoryEntries,
    },
    reach: { clock: systemClock, gatewayApi: gatewayApiOf, openProvider, pinned: pinnedCertificate },
  });
}
