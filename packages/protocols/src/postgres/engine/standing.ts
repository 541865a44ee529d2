import type { Statement } from '@hoop/core';

interface Definition {
  text: string;
  by: Statement;
  /** `Readings.era` when it was given. */
  era: number;
}

/** Characters that the definitions of one kind may hold; of more the oldest are forgotten, and then stand for what nobody knows. */
const HELD_MOST = 16 * 1024 * 1024;

/**
 * Every text that a name may stand for, oldest first: SQL and the protocol share the names of statements, and those of cursors.
 * A definition counts from before it is sent; the server's confirmation of one means that those before it are gone.
 */
export class Standing {
  readonly #definitions = new Map<string, Definition[]>();
  readonly #texts = new Map<string, readonly string[]>();
  #held = 0;

  /** For a reader. */
  get texts(): ReadonlyMap<string, readonly string[]> {
    return this.#texts;
  }

  /** Some meaning of the name was given before `era`; false also for what nobody has defined. */
  isOlder(name: string, era: number): boolean {
    return this.#definitions.get(name)?.some((definition) => definition.era < era) ?? false;
  }

  define(name: string, text: string, by: Statement, era: number): void {
    const before = this.#definitions.get(name) ?? [];
    this.#definitions.delete(name);
    this.#held += text.length;
    this.#set(name, [...before, { text, by, era }]);
    while (this.#held > HELD_MOST) this.#forgetOldest();
  }

  /** It was denied, so its definitions never were. */
  deny(by: Statement, name: string): void {
    this.#keep(name, (definition) => definition.by !== by);
  }

  /** The server has taken it, which it does only where the name was free. */
  confirm(by: Statement, name: string): void {
    const at = this.#definitions.get(name)?.findIndex((definition) => definition.by === by) ?? -1;
    if (at > 0) this.#keep(name, (_, index) => index >= at);
  }

  #keep(name: string, test: (definition: Definition, index: number) => boolean): void {
    const before = this.#definitions.get(name);
    if (before === undefined) return;
    const kept = before.filter(test);
    for (const { text } of before) this.#held -= text.length;
    for (const { text } of kept) this.#held += text.length;
    this.#set(name, kept);
  }

  #set(name: string, definitions: Definition[]): void {
    if (definitions.length === 0) {
      this.#definitions.delete(name);
      this.#texts.delete(name);
      return;
    }
    this.#definitions.set(name, definitions);
    this.#texts.set(name, [...new Set(definitions.map(({ text }) => text))]);
  }

  #forgetOldest(): void {
    const [oldest] = this.#definitions.keys();
    if (oldest === undefined) return;
    this.#keep(oldest, () => false);
  }
}
