import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Which way bytes go: `up` from the client to the server. */
export type Way = 'up' | 'down';
export interface Counts {
  connections: number;
  up: number;
  down: number;
}

/**
 * A TCP proxy that breaks links in the ways that networks do. A fault holds for all links, live and later, until it is
 * mended. What was delayed or stalled is never dropped unless the link is cut.
 */
export class FaultProxy {
  readonly counts: Counts = { connections: 0, up: 0, down: 0 };
  readonly #server: Server;
  readonly #target: { host: string; port: number };
  readonly #links = new Set<Link>();
  #tap: (way: Way, bytes: Buffer) => void = () => {};
  #delay = 0;
  #stalled = new Set<Way>();
  #refusing = false;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  static async start(target: { host?: string; port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy({ host: target.host ?? '127.0.0.1', port: target.port });
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get live(): number {
    return this.#links.size;
  }

  /** Sees each chunk before it is forwarded. */
  tap(see: (way: Way, bytes: Buffer) => void): void {
    this.#tap = see;
  }

  /** Milliseconds one way, for each chunk. */
  delay(ms: number): void {
    this.#delay = ms;
  }

  /** Takes bytes but forwards none: a dead Wi-Fi, seen from the ends as silence. */
  stall(...ways: Way[]): void {
    this.#stalled = new Set(ways.length > 0 ? ways : ['up', 'down']);
  }

  /** Ends all stalls, delays and refusals; what was held back goes out in order. */
  mend(): void {
    this.#delay = 0;
    this.#stalled.clear();
    this.#refusing = false;
    for (const link of this.#links) link.flush();
  }

  /** Ends all links: `rst` with a reset on both sides, `fin` in order after what was forwarded. */
  cut(how: 'rst' | 'fin' = 'rst'): void {
    for (const link of this.#links) link.cut(how);
  }

  /** Resets every new link at once, until mended. */
  refuse(): void {
    this.#refusing = true;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.counts.connections += 1;
    if (this.#refusing) return void client.resetAndDestroy();
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const link: Link = new Link(client, server, {
      pass: (way, bytes) => {
        this.counts[way] += bytes.length;
        this.#tap(way, bytes);
      },
      delay: () => this.#delay,
      stalled: (way) => this.#stalled.has(way),
      over: () => this.#links.delete(link),
    });
    this.#links.add(link);
  }
}

interface Rules {
  pass(way: Way, bytes: Buffer): void;
  delay(): number;
  stalled(way: Way): boolean;
  over(): void;
}

/** One proxied connection: a queue each way, so that order survives every fault. */
class Link {
  readonly #ends: Record<Way, { from: Socket; to: Socket; queue: { bytes: Buffer | null; due: number }[] }>;
  readonly #rules: Rules;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(client: Socket, server: Socket, rules: Rules) {
    this.#rules = rules;
    this.#ends = {
      up: { from: client, to: server, queue: [] },
      down: { from: server, to: client, queue: [] },
    };
    for (const way of ['up', 'down'] as const) {
      const { from, to } = this.#ends[way];
      from.setNoDelay(true);
      from.on('data', (bytes: Buffer) => this.#put(way, bytes));
      from.on('end', () => this.#put(way, null));
      from.on('error', () => to.resetAndDestroy());
      from.on('close', () => {
        if (client.destroyed && server.destroyed) this.#end();
      });
    }
  }

  flush(): void {
    for (const way of ['up', 'down'] as const) this.#forward(way);
  }

  cut(how: 'rst' | 'fin'): void {
    for (const { from } of Object.values(this.#ends)) {
      if (how === 'rst') from.resetAndDestroy();
      else from.end();
    }
  }

  #put(way: Way, bytes: Buffer | null): void {
    this.#ends[way].queue.push({ bytes, due: Date.now() + this.#rules.delay() });
    this.#forward(way);
  }

  #forward(way: Way): void {
    const { to, queue } = this.#ends[way];
    while (queue.length > 0 && !this.#rules.stalled(way)) {
      const { bytes, due } = queue[0]!;
      const wait = this.#rules.delay() > 0 ? due - Date.now() : 0;
      if (wait > 0) return this.#later(way, wait);
      queue.shift();
      if (bytes === null) to.end();
      else {
        this.#rules.pass(way, bytes);
        to.write(bytes);
      }
    }
  }

  #later(way: Way, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#forward(way);
    }, ms);
    this.#timers.add(timer);
  }

  #end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#rules.over();
  }
}
