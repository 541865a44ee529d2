/**
 * Undici's parts by their files: the whole of it, with its mocks, caches and WebSockets, is 14 MB of a program that rests.
 * Each file exports what `undici` exports by that name (https://undici.nodejs.org/#/docs/api/Agent, …/Connector).
 */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}
declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}
