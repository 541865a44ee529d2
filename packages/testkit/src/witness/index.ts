export * from './canary.js';
export { askDns, type DnsAnswer } from './dns.js';
