export { greetTcp } from './tcp/greet.js';
