export { greetPostgres } from './postgres/greet.js';
export { greetTcp } from './tcp/greet.js';
