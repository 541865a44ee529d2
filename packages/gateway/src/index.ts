export { loadConfig } from './config/load.js';
export { Gateway, type GatewayOptions } from './gateway.js';
