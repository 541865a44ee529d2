export * from './plan.js';
export * from './route.js';
