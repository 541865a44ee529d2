export { type Arrival, browse, type Visitor } from './browse.js';
