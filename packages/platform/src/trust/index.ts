export { type AuthorityParts, authorityCertificate, leaf, newAuthority, type Signer } from './certificate.js';
