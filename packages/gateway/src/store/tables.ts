import type { ProtocolName } from '@hoop/core';

/** The store's tables. Times are milliseconds since the epoch. */
export interface Tables {
  identities: IdentityRow;
  logins: LoginRow;
  certificates: CertificateRow;
  sessions: SessionTable;
  id_tokens: { hash: string; until: number };
  chain: HeadRow;
  issuer: IssuerRow;
}

/** Who mints the roles of sessions: one row. */
export interface IssuerRow {
  id: string;
  /** What their marks are signed with; base64. */
  key: string;
}

export interface IdentityRow {
  subject: string;
  email: string;
  /** JSON array. */
  groups: string;
  disabled_at: number | null;
  seen_at: number;
}

export interface LoginRow {
  id: string;
  subject: string;
  /** SubjectPublicKeyInfo of the login's key, base64 of the DER. */
  spki: string;
  created_at: number;
  lease_until: number;
  ended_at: number | null;
}

export interface CertificateRow {
  /** Lower-case hex. */
  serial: string;
  login_id: string;
  not_after: number;
  revoked_at: number | null;
}

export interface SessionTable {
  id: string;
  subject: string;
  email: string;
  connection: string;
  protocol: ProtocolName;
  program: string | null;
  database: string | null;
  started_at: number;
  ended_at: number | null;
  end: string | null;
  statements: number;
  rows: number;
  bytes_in: number;
  bytes_out: number;
  ms: number;
  /** The record's segment that was written to when it began: where reading starts. */
  segment: number;
}

/** How far the record's chain had come, kept apart from it: a record that ends before this was cut. */
export interface HeadRow {
  id: number;
  segment: number;
  entry: number;
  hash: string;
  at: number;
}
