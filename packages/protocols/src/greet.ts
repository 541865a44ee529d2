import type { Greeting, ProtocolName } from '@hoop/core';
import { greetPostgres } from './postgres/greet.js';
import { greetTcp } from './tcp/greet.js';

/** What the laptop's end knows of each protocol; no engine comes along with it. */
export const greetings: Record<ProtocolName, Greeting> = { postgres: greetPostgres, tcp: greetTcp };
export { greetPostgres, greetTcp };
