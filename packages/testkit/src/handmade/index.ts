export { type Answer, ask } from './ask.js';
export { csrOf, type HandmadeLogin, handmadeLogin, handmadeTokens, type KeyPair, newKey } from './login.js';
export { type Dialled, openFlow, sendRaw, type UplinkAnswer } from './uplink.js';
