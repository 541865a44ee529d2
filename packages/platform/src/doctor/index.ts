export { routeIn } from '../resolver/route.js';
export { isSetUp } from '../setup/index.js';
export { askOurs, canaryName, lookUp } from '../setup/verify.js';
export * from './machine.js';
export * from './names.js';
