export * from './bytes.js';
export * from './errors.js';
export * from './gathered.js';
export * from './reading.js';
export * from './script.js';
export * from './secret.js';
export * from './words.js';
