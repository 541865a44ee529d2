import { appendFileSync } from 'node:fs';

/**
 * What the IdP has given out. The canary search needs the real values: it looks for each of them on the laptops, where
 * none may be.
 */
export interface IssuedTokens {
  at: number;
  grant: string;
  subject?: string;
  id_token?: string;
  refresh_token?: string;
  access_token?: string;
}

export type Witness = (tokens: IssuedTokens) => void;

/** Keeps them in memory, for tests. */
export function remembered(): { witness: Witness; tokens: IssuedTokens[] } {
  const tokens: IssuedTokens[] = [];
  return { tokens, witness: (issued) => tokens.push(issued) };
}

/** Appends them to a file that only its owner reads, one JSON document a line. */
export const toFile =
  (path: string): Witness =>
  (issued) =>
    appendFileSync(path, `${JSON.stringify(issued)}\n`, { mode: 0o600 });
