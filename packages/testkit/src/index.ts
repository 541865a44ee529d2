export * from './browser/index.js';
export * from './fault/index.js';
export * from './idp/index.js';
export * from './postgres/index.js';
export { type Account, testAccount } from './world/account.js';
export { type Authority, type Leaf, newAuthority } from './world/authority.js';
export { passableFolder } from './world/passable.js';
export { freePort } from './world/port.js';
