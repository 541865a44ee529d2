export { Credentials, type CredentialsOptions, type RoleNews } from './credentials.js';
export { type Issuer, issuedBy } from './issuer.js';
export { rolesFor } from './roles.js';
export { type Errands, Sides } from './sides.js';
