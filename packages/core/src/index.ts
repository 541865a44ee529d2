export * from './bytes.js';
export * from './errand.js';
export * from './errors.js';
export * from './reading.js';
export * from './rows.js';
export * from './script.js';
export * from './secret.js';
export * from './words.js';
