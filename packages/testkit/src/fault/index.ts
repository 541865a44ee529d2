export { type Counts, FaultProxy, type Way } from './proxy.js';
