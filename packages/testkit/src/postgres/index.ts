export { type Binaries, postgresBinaries } from './binaries.js';
export { Cluster, type ClusterOptions, GATEWAY_ROLE, MINTER_ROLE, SUPPORT_ROLE } from './cluster.js';
export { CUSTOMERS } from './shop.js';
