export * from './addresses/index.js';
export * from './browser/index.js';
export * from './environment.js';
export * from './holder/index.js';
export * from './keychain/index.js';
export * from './paths/index.js';
export * from './peer/index.js';
export * from './process/index.js';
