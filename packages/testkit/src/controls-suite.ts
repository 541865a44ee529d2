import { strict as assert } from 'node:assert';
import type { Action, Asked, Note, ProtocolSpec, Verdict } from '@hoop/core';
import fc from 'fast-check';
import type { Check } from './conformance.js';
import { bugOf, Stage, type StageOptions, sentTo } from './playbook-stage.js';

/** What the suite has to know of a protocol: how to ask, a server that does as it is told, and how a client reads. */
export interface ControlledProtocol {
  spec: ProtocolSpec;
  options: StageOptions;
  /** What the client says before it asks anything. */
  hello: Uint8Array;
  /** One request; `words` are letters and digits, and stand in the action's text. `nth` counts from 1. */
  ask(words: string, nth: number): Uint8Array;
  /** A server: gets what the engine sends in pieces, gives what it answers, and tells what it ran. */
  serve(ran: (words: string) => void): (bytes: Uint8Array) => Uint8Array;
  /** What the server says of itself, as news. */
  news: Uint8Array;
  /** What a client makes of all that it got: an answer to each request, notes, and how often it heard the news. */
  read(bytes: Uint8Array): { answers: Answered[]; notes: string[]; news: number };
  /** A held request holds up those behind it. */
  inOrder: boolean;
}
export interface Answered {
  /** Words of a request that ran, or the reason of one that was refused. */
  said: string;
  ran: boolean;
}

type Event =
  | { do: 'ask'; verdict: 'allow' | 'deny' | 'allow-late' | 'deny-late'; notes: boolean; piece: number }
  | { do: 'decide'; which: number }
  | { do: 'serve'; piece: number }
  | { do: 'say' }
  | { do: 'news' };

const events = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('ask' as const),
        verdict: fc.constantFrom('allow' as const, 'deny' as const, 'allow-late' as const, 'deny-late' as const),
        notes: fc.boolean(),
        piece: fc.constantFrom(1, 5, 1 << 20),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('decide' as const), which: fc.nat(7) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('serve' as const), piece: fc.constantFrom(1, 7, 1 << 20) }) },
    { weight: 1, arbitrary: fc.constant<Event>({ do: 'say' }) },
    { weight: 1, arbitrary: fc.constant<Event>({ do: 'news' }) },
  ),
  { minLength: 1, maxLength: 24 },
);

/**
 * What controls may do, whatever the protocol: allow, deny, wait, say. Whatever they do, and in whatever order answers and
 * verdicts come, each request is answered once, what is denied never reaches the server, what is allowed runs once, each
 * note is told once, and the next request runs.
 */
export function controlsSuite(protocol: ControlledProtocol, runs = 2_000, seed = 5): Check[] {
  const random = () =>
    fc.assert(
      fc.property(events, (list) => new Play(protocol).run(list)),
      { numRuns: runs, seed },
    );
  return [
    { name: `${runs} scripts of the controls`, run: random },
    { name: 'while a request is held, the server is heard', run: () => heardWhileHeld(protocol) },
    { name: 'a note is told though nothing else comes', run: () => toldAtOnce(protocol) },
  ];
}

function heardWhileHeld(protocol: ControlledProtocol): void {
  const play = new Play(protocol);
  play.happen({ do: 'ask', verdict: 'allow-late', notes: false, piece: 1 << 20 });
  play.happen({ do: 'news' });
  assert.equal(play.read().news, 1);
  play.happen({ do: 'say' });
  assert.equal(play.read().notes.length, 1);
  assert.deepEqual(play.ran, [], 'a held request has run');
}

function toldAtOnce(protocol: ControlledProtocol): void {
  const play = new Play(protocol);
  play.happen({ do: 'say' });
  assert.equal(play.read().notes.length, 1);
}

/** One flow, its controls and its server. */
class Play {
  readonly ran: string[] = [];
  readonly #protocol: ControlledProtocol;
  readonly #stage: Stage;
  readonly #server: (bytes: Uint8Array) => Uint8Array;
  readonly #verdicts = new Map<string, { verdict: Verdict; late: boolean }>();
  readonly #notes: string[] = [];
  /** Asked in the client's script, which waits for these. */
  #open: Action[] = [];
  #seen = 0;
  #served = 0;
  #news = 0;

  constructor(protocol: ControlledProtocol) {
    this.#protocol = protocol;
    const hold = ['judge', 'judge-all', 'judge-rest', 'judge-aside'] as const;
    this.#stage = new Stage(protocol.spec, { ...protocol.options, hold });
    this.#server = protocol.serve((words) => this.ran.push(words));
    this.#stage.run();
    this.#stage.feed('client', protocol.hello);
    this.#served = sentTo(this.#stage.heard, 'upstream').length;
  }

  run(list: readonly Event[]): void {
    for (const event of list) this.happen(event);
    this.happen({ do: 'ask', verdict: 'allow', notes: true, piece: 1 << 20 });
    while (this.#decideAny(0) || this.#serve(1 << 20));
    this.#check();
  }

  happen(event: Event): void {
    if (event.do === 'ask') this.#ask(event);
    else if (event.do === 'decide') this.#decideAny(event.which);
    else if (event.do === 'serve') this.#serve(event.piece);
    else if (event.do === 'say') {
      this.#stage.engine.say(this.#note());
      this.#stage.run();
    } else {
      // Between its answers, where any server says it.
      this.#serve(1 << 20);
      this.#news += 1;
      this.#stage.feed('upstream', this.#protocol.news);
    }
    while (this.#decideAtOnce());
  }

  read(): ReturnType<ControlledProtocol['read']> {
    return this.#protocol.read(sentTo(this.#stage.heard, 'client'));
  }

  #ask({ verdict, notes, piece }: Event & { do: 'ask' }): void {
    const nth = this.#verdicts.size + 1;
    const words = `request${nth}x`;
    const notices = notes ? { notices: [this.#note()] } : {};
    const answer: Verdict = verdict.startsWith('allow')
      ? { allow: true, ...notices }
      : { allow: false, rule: 'scripted', reason: `refused ${words}`, ...notices };
    this.#verdicts.set(words, { verdict: answer, late: verdict.endsWith('late') });
    const bytes = this.#protocol.ask(words, nth);
    for (let at = 0; at < bytes.length; at += piece) this.#stage.feed('client', bytes.subarray(at, at + piece));
  }

  #note(): Note {
    const message = `note${this.#notes.length}x`;
    this.#notes.push(message);
    return { severity: 'notice', message };
  }

  /** Verdicts that are not late, as a driver has them before the script has paused. */
  #decideAtOnce(): boolean {
    const aside = this.#stage.asides.find(({ action }) => !this.#of(action).late);
    if (aside !== undefined) return this.#decideAside(aside);
    this.#gather();
    const [first] = this.#open;
    return first !== undefined && !this.#of(first).late && this.#decideFirst(1);
  }

  #decideAny(which: number): boolean {
    const { asides } = this.#stage;
    const aside = asides[which % Math.max(1, asides.length)];
    if (aside !== undefined) return this.#decideAside(aside);
    this.#gather();
    return this.#open.length > 0 && this.#decideFirst(1 + (which % this.#open.length));
  }

  #decideAside(aside: Asked): true {
    this.#stage.decide(aside, this.#of(aside.action).verdict);
    return true;
  }

  /** Answers what the script waits for; of several, some. */
  #decideFirst(count: number): boolean {
    if (!this.#stage.holds('client')) return false;
    const last = this.#stage.heard.findLast(({ do: kind }) => kind.startsWith('judge'));
    const verdicts = this.#open.splice(0, count).map((action) => this.#of(action).verdict);
    this.#stage.release('client', last?.do === 'judge' ? (verdicts[0] as Verdict) : verdicts);
    return true;
  }

  #gather(): void {
    const { heard } = this.#stage;
    for (; this.#seen < heard.length; this.#seen++) {
      const one = heard[this.#seen];
      if (one?.do === 'judge') this.#open.push(one.action);
      else if (one?.do === 'judge-all') this.#open.push(...one.actions);
    }
  }

  #of(action: Action): { verdict: Verdict; late: boolean } {
    const words = /request\d+x/.exec('text' in action ? action.text : '')?.[0] ?? '';
    return this.#verdicts.get(words) ?? { verdict: { allow: true }, late: false };
  }

  /** Has the server answer what it has not seen yet. False if there was nothing. */
  #serve(piece: number): boolean {
    const sent = sentTo(this.#stage.heard, 'upstream');
    const answer = this.#server(sent.subarray(this.#served));
    const something = sent.length > this.#served;
    this.#served = sent.length;
    for (let at = 0; at < answer.length; at += piece) this.#stage.feed('upstream', answer.subarray(at, at + piece));
    return something;
  }

  #check(): void {
    const bug = bugOf(this.#stage.heard);
    if (bug !== undefined) throw bug;
    const all = [...this.#verdicts];
    const allowed = all.filter(([, { verdict }]) => verdict.allow).map(([words]) => words);
    const expected = all.map(([words, { verdict }]) => ({
      said: verdict.allow ? words : verdict.reason,
      ran: verdict.allow,
    }));
    const { answers, notes, news } = this.read();
    if (this.#protocol.inOrder) {
      assert.deepEqual(answers, expected);
      assert.deepEqual(this.ran, allowed);
    } else {
      assert.deepEqual(sorted(answers), sorted(expected));
      assert.deepEqual(this.ran.toSorted(), allowed.toSorted());
    }
    assert.deepEqual(notes.toSorted(), this.#notes.toSorted(), 'each note is told once');
    assert.equal(news, this.#news);
  }
}

const sorted = (answers: readonly Answered[]) => answers.toSorted((a, b) => (a.said < b.said ? -1 : 1));
