export * from './order.js';
export * from './ports.js';
