export { type IssuedTokens, remembered, toFile, type Witness } from './issued.js';
export { type Person, STAFF } from './people.js';
export { CLIENT_ID, type Lifetimes } from './provider.js';
export { type Idp, type IdpOptions, startIdp } from './serve.js';
