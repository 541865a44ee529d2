export { isSetUp } from '../setup/index.js';
export { canaryName, lookUp } from '../setup/verify.js';
export * from './machine.js';
export * from './names.js';
