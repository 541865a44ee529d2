import type { WireConnection } from '@hoop/contracts/gateway';
import { Channel, FRAME, json, SYNC_SILENCE, SyncMessage } from '@hoop/contracts/uplink';
import { HoopError, ProtocolError, whyUnreached } from '@hoop/core';
import type { Credential, Credentials } from '../credentials.js';
import { codeOf } from '../login/unreachable.js';
import type { Dial, Uplink } from '../uplinks/dial.js';

export type GatewayState = { state: 'online' | 'connecting' | 'offline'; since: number; error?: string };

export interface SyncOptions {
  dial: Dial;
  credentials: Pick<Credentials, 'current' | 'wanted' | 'leaseIs' | 'endedByGateway'>;
  /** The whole list, each time it changes. */
  connections(list: readonly WireConnection[]): void;
  notice(notice: { code: string; message: string; hint?: string | undefined }): void;
  changed(state: GatewayState['state']): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Waits between attempts: short enough that flows work within two seconds of the gateway's return. */
const FIRST_WAIT = 200;
const LONGEST_WAIT = 5_000;
/** While somebody waits for the gateway (it was lost a moment ago), attempts stay this close. */
const EAGER_WAIT = 1_000;
const EAGER_FOR = 120_000;
const LONGEST_LINE = 4_000_000;

/**
 * The uplink that carries no flow: the connection list and its changes, news of the lease, notices. Kept up as long as
 * somebody is logged in; its state is what the daemon knows of the gateway.
 */
export class Sync {
  readonly #options: SyncOptions;
  #state: GatewayState;
  #uplink: Uplink | undefined;
  #retry: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #wait = FIRST_WAIT;
  #lostAt = 0;
  #attempt = 0;
  #closed = false;
  #lacks = false;
  #asking: Promise<boolean> | undefined;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#state = { state: 'offline', since: options.now() };
  }

  get state(): GatewayState {
    return this.#state;
  }

  /** It would have connected again, but the credential was past its end: `refresh` is called for once there is one. */
  get lacks(): boolean {
    return this.#lacks;
  }

  /** The credential has changed (login, renewal, logout): connect with the new one, or stop. */
  refresh(): void {
    this.#attempt += 1;
    clearTimeout(this.#retry);
    this.#wait = FIRST_WAIT;
    this.#lacks = false;
    this.#drop();
    if (this.#closed) return;
    const credential = this.#options.credentials.current();
    if (credential === undefined) return this.#become('offline');
    void this.#connect(credential, this.#attempt);
  }

  /**
   * Asks by a link of its own, since one that stands says nothing: a gateway that is stopped, or behind a network that drops
   * what is sent, is silent on it for as long as `SYNC_SILENCE`. One that does not answer is offline from then on.
   */
  answers(): Promise<boolean> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const credential = this.#options.credentials.current();
    if (credential === undefined) return false;
    const attempt = this.#attempt;
    try {
      (await this.#options.dial(credential)).destroy();
      return true;
    } catch (error) {
      if (this.#state.state === 'online') this.#ended(attempt, error);
      return false;
    }
  }

  close(): void {
    this.#closed = true;
    this.refresh();
  }

  async #connect(credential: Credential, attempt: number): Promise<void> {
    if (this.#state.state !== 'connecting') this.#become('connecting', this.#state.error);
    try {
      const uplink = await this.#options.dial(credential);
      if (attempt !== this.#attempt) return void uplink.destroy();
      this.#take(uplink, attempt);
    } catch (error) {
      if (attempt === this.#attempt) this.#lost(error);
    }
  }

  #take(uplink: Uplink, attempt: number): void {
    this.#uplink = uplink;
    let line = '';
    const text = new TextDecoder();
    const channel = new Channel(uplink, {
      data: (bytes) => {
        channel.consumed(bytes.length, true);
        line += text.decode(bytes, { stream: true });
        if (line.length > LONGEST_LINE) throw new ProtocolError('a line of the sync uplink without an end');
        const lines = line.split('\n');
        line = lines.pop() ?? '';
        for (const one of lines) this.#message(one, channel);
      },
      fin: () => this.#ended(attempt),
      close: ({ code, message }) => this.#ended(attempt, new HoopError(code, message)),
      writable: () => {},
    });
    uplink.on('data', (chunk: Buffer) => {
      if (attempt !== this.#attempt) return;
      try {
        this.#heard(attempt);
        channel.receive(chunk);
      } catch (error) {
        this.#ended(attempt, error);
      }
    });
    uplink.on('error', (error) => this.#ended(attempt, error));
    uplink.on('drain', () => channel.drained());
    uplink.on('end', () => this.#ended(attempt));
    uplink.on('close', () => this.#ended(attempt));
    channel.control(json(FRAME.HEAD, { kind: 'sync' }));
    this.#heard(attempt);
    uplink.resume();
  }

  #message(line: string, channel: Channel): void {
    if (line === '') return;
    const parsed = SyncMessage.safeParse(parse(line));
    // A message of a later gateway is no reason to lose the link.
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.type) {
      case 'connections':
        this.#online();
        return this.#options.connections(message.connections);
      case 'lease':
        return this.#options.credentials.leaseIs(message.until, message.identity);
      case 'notice':
        if (message.ended) this.#options.credentials.endedByGateway(message.code, message.message, message.hint);
        return this.#options.notice({ code: message.code, message: message.message, hint: message.hint });
      case 'ping': {
        channel.send(new TextEncoder().encode(`${JSON.stringify({ type: 'pong' })}\n`), true);
      }
    }
  }

  #online(): void {
    this.#wait = FIRST_WAIT;
    if (this.#state.state !== 'online') this.#become('online');
  }

  #heard(attempt: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#ended(attempt, new HoopError('silence', 'nothing heard of the gateway'));
    }, SYNC_SILENCE);
    this.#silence.unref();
  }

  #ended(attempt: number, error?: unknown): void {
    if (attempt !== this.#attempt) return;
    this.#lost(error ?? new HoopError('link-lost', 'the gateway closed the link'));
  }

  #lost(error: unknown): void {
    if (this.#state.state === 'online') this.#lostAt = this.#options.now();
    this.#attempt += 1;
    this.#drop();
    this.#become('offline', whyLost(error));
    const eager = this.#options.now() - this.#lostAt < EAGER_FOR;
    const wait = Math.min(this.#wait, eager ? EAGER_WAIT : LONGEST_WAIT);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    const attempt = this.#attempt;
    this.#retry = setTimeout(() => attempt === this.#attempt && this.#again(attempt), wait);
  }

  #again(attempt: number): void {
    const { credentials } = this.#options;
    const credential = credentials.current();
    if (credential !== undefined) return void this.#connect(credential, attempt);
    this.#lacks = true;
    credentials.wanted();
  }

  #drop(): void {
    clearTimeout(this.#silence);
    this.#uplink?.destroy();
    this.#uplink = undefined;
  }

  #become(state: GatewayState['state'], error?: string): void {
    this.#state = { state, since: this.#options.now(), ...(error !== undefined && { error }) };
    this.#options.changed(state);
  }
}

/** Node's advice on its own flags, behind a semicolon, is none to a person. */
const plain = (message: string) => message.split(';')[0] ?? message;

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** In words where a person reads it: of the network, else as it was told. */
function whyLost(error: unknown): string {
  return whyUnreached(codeOf(error)) ?? (error instanceof Error ? plain(error.message) : String(error));
}
