import type { Greeting, ProtocolName } from '@hoop/core';
import { greetPostgres, greetTcp } from '@hoop/protocols/greet';

/** The only protocol bytes the daemon knows (design §5). */
export const GREETINGS: Record<ProtocolName, Greeting> = { postgres: greetPostgres, tcp: greetTcp };
