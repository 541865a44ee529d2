export * from './cancels.js';
export * from './credentials/index.js';
export * from './native.js';
export * from './ports.js';
export * from './read.js';
export * from './run.js';
