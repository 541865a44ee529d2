export * from './expression.js';
export * from './flow.js';
export * from './guardrails.js';
export * from './packs.js';
export * from './rule.js';
