import type { CancelKey, Dialled, Engine, FlowContext, ProtocolSpec, Script, Verdict } from '@hoop/core';
import { EMPTY, ProtocolError, READ } from '@hoop/core';

const text = (words: string) => Buffer.from(words);

/**
 * A small protocol with words of its own: each line of the client is judged and answered by one line; `!` is not allowed
 * in it. `key NUMBER` asks for a cancel key, `bye` closes, `hold` makes the client's script wait until `say`.
 */
export class Lines {
  cancelled: unknown;
  key: CancelKey | undefined;
  readonly said: string[] = [];

  readonly spec: ProtocolSpec = {
    name: 'lines',
    judges: ['statement'],
    reveals: ['message'],
    defaultPort: undefined,
    open: (flow) => this.#open(flow),
    *connect({ login }) {
      if (login === undefined) return { ok: true, greeting: 'none' };
      yield { do: 'write', bytes: text(`login ${login.user} ${login.password}\n`) };
      const answer = yield { do: 'read' };
      if (!(answer instanceof Uint8Array)) throw new ProtocolError('no answer to the login');
      return { ok: true, greeting: Buffer.from(answer).toString() };
    },
    *cancel(key) {
      yield { do: 'write', bytes: text(`cancel ${key.process}\n`) };
      return { ok: true, greeting: undefined };
    },
    refuse: (refusal) => text(`ERR ${refusal.code} ${refusal.message}\n`),
    epitaph: text('ERR link-lost\n'),
  };

  #open(flow: FlowContext): Engine {
    let boundary = true;
    const lines = this;
    function* fromClient(): Script {
      try {
        const dialled = (yield { do: 'dial', database: 'shop', user: 'app', parameters: new Map() }) as Dialled;
        if (!dialled.ok) return void (yield { do: 'refuse', refusal: dialled.refusal });
        lines.key = flow.mintCancelKey(4);
        flow.ownCancelKey({ process: 77, secret: Uint8Array.of(1, 2, 3, 4) });
        yield { do: 'note', entry: { kind: 'opened' } };
        for (let chunk = yield READ; chunk !== null; chunk = yield READ) yield* line(Buffer.from(chunk as Uint8Array));
        yield { do: 'finish', side: 'upstream' };
      } catch (error) {
        lines.cancelled = error;
        throw error;
      } finally {
        yield { do: 'note', entry: { kind: 'cancel', statement: 0 } };
      }
    }
    function* line(bytes: Buffer): Script {
      const words = bytes.toString();
      if (words.includes('!')) throw new ProtocolError('a line with a shout');
      if (words.includes('bug')) throw new TypeError('a bug');
      if (words === 'bye\n') yield { do: 'close', end: 'client' };
      if (words.startsWith('cancel '))
        yield { do: 'cancel', key: { process: Number(words.slice(7)), secret: SECRET.now } };
      const verdict = (yield {
        do: 'judge',
        action: { kind: 'statement', text: words, class: words.startsWith('read') ? 'read' : 'unknown' },
      }) as Verdict;
      if (verdict.allow) yield { do: 'send', to: 'upstream', bytes, boundary: true };
      else yield { do: 'send', to: 'client', bytes: text(`NO ${verdict.rule}\n`), boundary: true };
    }
    function* fromUpstream(): Script {
      for (let chunk = yield READ; chunk !== null; chunk = yield READ) {
        const bytes = chunk as Uint8Array;
        boundary = bytes.at(-1) === 10;
        yield { do: 'send', to: 'client', bytes, boundary };
      }
      yield { do: 'finish', side: 'client' };
    }
    return {
      fromClient,
      fromUpstream,
      say: (note) => void lines.said.push(note.message),
      refuse: (refusal) => (boundary ? this.spec.refuse(refusal) : EMPTY),
    };
  }
}

/** The secret that a `cancel` line uses; set by the test. */
export const SECRET: { now: Uint8Array } = { now: new Uint8Array(4) };
