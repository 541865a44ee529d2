import { type Action, type Effect, ProtocolError, type Script, type Verdict, WITHDRAWN } from '@hoop/core';
import { LineCutter, line, type Numbered, readNumbered } from './lines.js';
import type { Request, Requests } from './requests.js';

/** What the client says. A held request holds up nothing else: the script reads on and hears each verdict. */
export function* fromClient(requests: Requests): Script {
  const lines = new LineCutter();
  const read: Effect = { do: 'read', or: requests.decided };
  for (;;) {
    const chunk = (yield read) as Uint8Array | null | undefined;
    if (chunk === null) break;
    if (chunk === undefined) yield* settle(requests);
    else if (requests.terminal) yield { do: 'send', to: 'upstream', bytes: chunk, boundary: true };
    else yield* follow(requests, lines, chunk);
  }
  requests.clientEnded = true;
  while (requests.held.length > 0) yield* room(requests);
  yield { do: 'finish', side: 'upstream' };
}

function* follow(requests: Requests, lines: LineCutter, chunk: Uint8Array): Script {
  lines.push(chunk);
  for (let next = lines.next(); next !== undefined; next = lines.next()) {
    while (requests.areFull) yield* room(requests);
    yield* request(requests, next);
  }
}

/** Waits until something was decided. What runs is answered by the other script, which raises the signal too. */
function* room(requests: Requests): Script {
  yield { do: 'wait', until: requests.decided };
  yield* settle(requests);
}

function* request(requests: Requests, bytes: Uint8Array): Script {
  const numbered = readNumbered(bytes);
  if (numbered.verb === 'stop') return yield* stop(requests, numbered.id, bytes);
  const one = requests.add(numbered.id, bytes, actionOf(numbered));
  yield { do: 'judge-aside', asked: one.asked };
  if (one.asked.verdict !== undefined) yield* decide(requests, one, one.asked.verdict);
}

const actionOf = ({ verb, rest }: Numbered): Action =>
  verb === 'shell' ? { kind: 'shell-open' } : { kind: 'command', text: `${verb} ${rest}`.trimEnd() };

/** What is held is withdrawn; what runs is the server's to stop. One that has ended meanwhile is no mistake. */
function* stop(requests: Requests, id: string, bytes: Uint8Array): Script {
  const one = requests.find(id);
  if (one?.runs === true) yield { do: 'send', to: 'upstream', bytes, boundary: true };
  else if (one !== undefined) yield { do: 'withdraw', asked: one.asked };
}

function* settle(requests: Requests): Script {
  for (const one of requests.held) {
    if (one.asked.verdict !== undefined) yield* decide(requests, one, one.asked.verdict);
  }
}

function* decide(requests: Requests, one: Request, verdict: Verdict): Script {
  if (verdict.allow && verdict.as !== undefined) throw new ProtocolError('no other role can be lent here');
  for (const { severity, message } of verdict.notices ?? []) requests.say(line(`* ${severity} ${message}`));
  if (verdict.allow) {
    one.runs = true;
    yield { do: 'send', to: 'upstream', bytes: one.bytes, boundary: true };
    return;
  }
  requests.end(one);
  requests.say(line(`${one.id} no ${verdict.rule === WITHDRAWN ? 'stopped' : `${verdict.rule}: ${verdict.reason}`}`));
}
