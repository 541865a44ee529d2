/** Somebody who works at the shop. */
export interface Person {
  /** The login's name, and the laptop's. */
  name: string;
  fullName: string;
  email: string;
  groups: readonly string[];
  password: string;
}

const person = (name: string, fullName: string, group: string): Person => ({
  name,
  fullName,
  email: `${name}@shop.example`,
  groups: [group],
  password: `${name}-likes-tea`,
});

/** The demo's staff. Their passwords are no secret: the login page tells them. */
export const STAFF: readonly Person[] = [
  person('alice', 'Alice Ng', 'dba'),
  person('bob', 'Bob Weaver', 'developer'),
  person('carol', 'Carol Reyes', 'security'),
];
