import { EMPTY, type Engine, type FlowContext } from '@hoop/core';
import { fromClient } from './engine/client.js';
import { Conversation } from './engine/conversation.js';
import type { Read } from './engine/readings.js';
import { fromUpstream } from './engine/upstream.js';
import { fatal } from './refusal.js';

/** PostgreSQL's machine for one flow: two scripts that share a conversation. `read`: how statements are read. */
export function openPostgres(flow: FlowContext, read: Read): Engine {
  const conversation = new Conversation(flow, read);
  return {
    fromClient: () => fromClient(conversation),
    fromUpstream: () => fromUpstream(conversation),
    say: (note) => conversation.say(note),
    refuse: (refusal) => (conversation.boundary ? fatal(refusal) : EMPTY),
    working: () => conversation.ledger.length > 0,
  };
}
