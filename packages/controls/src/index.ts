export * from './masks/index.js';
export * from './order.js';
export * from './ports.js';
