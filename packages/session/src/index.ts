export * from './cancels.js';
export * from './flow.js';
export * from './ports.js';
