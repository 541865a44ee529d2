export * from './guardrails/index.js';
export * from './masks/index.js';
export * from './order.js';
export * from './pattern.js';
export * from './ports.js';
