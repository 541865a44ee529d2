export { tcp } from './tcp/index.js';
