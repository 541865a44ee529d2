export { CLIENT_ID } from './client.js';
export { type IssuedTokens, remembered, toFile, type Witness } from './issued.js';
export { type Person, STAFF } from './people.js';
export type { Lifetimes } from './provider.js';
export { type Idp, type IdpOptions, startIdp } from './serve.js';
