export * from './contrary/index.js';
