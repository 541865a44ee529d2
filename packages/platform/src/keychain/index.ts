export { type KeychainErrorCode, keychainError } from './errors.js';
export { type Keychain, type KeychainOptions, openKeychain } from './keychain.js';
