export * from './claim.js';
export * from './plan.js';
export * from './state.js';
