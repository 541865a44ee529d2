export * from './browser/index.js';
export * from './fault/index.js';
export * from './handmade/index.js';
export * from './idp/index.js';
export * from './postgres/index.js';
export * from './witness/index.js';
export * from './world/index.js';
