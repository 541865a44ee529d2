export * from './apply.js';
export * from './plan.js';
